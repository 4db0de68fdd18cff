import type { Context } from '@temporalio/activity';
import { CancelledFailure, defaultPayloadConverter } from '@temporalio/common';
import type { ActivityExecuteInput, ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Logger } from 'pino';
import { type Attempt, withAttempt } from '../../activities/attempt.ts';
import { toFailure } from '../../activities/wrap.ts';
import type { ControlPlane } from '../../domain/control-plane.ts';
import { DomainError, RETRYABLE } from '../../domain/fault.ts';
import { STEP_HEADER, type StepHeader } from '../../workflows/lib/progress.ts';
import { type Running, running } from './running.ts';

interface Deps {
  readonly controlPlane: Pick<ControlPlane, 'progress' | 'remark'>;
  readonly log: Logger;
}

/** Between two heartbeats, which also bring the news of a cancellation. */
export const BEAT_MS = 2_000;

/**
 * What surrounds every activity: tells the task's progress, beats for as long as it runs, ends it when it is cancelled or replaced,
 * turns faults into what Temporal understands, and logs with the task's id.
 */
export function stepInterceptor(deps: Deps): ActivityInterceptorsFactory {
  const registry = running();
  return (context) => ({
    inbound: { execute: (input, next) => runAttempt(deps, registry, context, input, () => next(input)) },
  });
}

async function runAttempt(
  deps: Deps,
  registry: Running,
  context: Context,
  input: ActivityExecuteInput,
  work: () => Promise<unknown>,
): Promise<unknown> {
  const { info } = context;
  const step = stepOf(input);
  const log = deps.log.child({
    task: step?.task,
    step: step?.status,
    activity: info.activityType,
    attempt: info.attempt,
  });
  const workflow = info.workflowExecution?.workflowId ?? '';
  // Not the activity's id: one that is asked for again has another.
  const activity = step ? `${info.activityType} ${step.status}` : info.activityId;
  const first = info.attempt === 1 && !step?.again;

  const abort = new AbortController();
  context.cancelled.catch((reason: unknown) => abort.abort(reason));
  const beat = beating(context);
  const attempt: Attempt = {
    number: first ? 1 : Math.max(2, info.attempt),
    deadline: deadlineOf(context),
    signal: abort.signal,
    task: step?.task ?? null,
    step: step?.status ?? info.activityType,
    note: beat.note,
  };
  const begin = async (): Promise<unknown> => {
    if (step?.undo) await registry.replace(workflow, null);
    else if (!first) await registry.replace(workflow, activity);
    // While it waited for its predecessor it may have got a successor.
    abort.signal.throwIfAborted();
    // Said as it begins: the work waits for no store, and what it writes itself is committed together with this.
    const told = step && tellProgress(deps.controlPlane, step, log);
    try {
      return await withAttempt(attempt, work);
    } finally {
      await told;
    }
  };
  const result = begin();
  const remove = registry.add({ workflow, activity, abort, ended: result });
  try {
    const value = await result;
    log.debug('done');
    return value;
  } catch (error) {
    // A program that was ended says so in words of its own: what counts is who ended it.
    if (abort.signal.aborted) throw cancelled(abort.signal.reason);
    report(log, error);
    if (step && isRepeated(error)) await orWarn(deps.controlPlane.remark(step.task, afterFailure(step, error)), log);
    throw toFailure(error);
  } finally {
    remove();
    beat.stop();
  }
}

/** Epoch milliseconds, from when it was first asked for: attempts do not add up. */
const deadlineOf = ({ info }: Context): number => info.scheduledTimestampMs + info.scheduleToCloseTimeoutMs;

function stepOf({ headers }: ActivityExecuteInput): StepHeader | null {
  const payload = headers[STEP_HEADER];
  return payload ? defaultPayloadConverter.fromPayload<StepHeader>(payload) : null;
}

const tellProgress = (controlPlane: Deps['controlPlane'], step: StepHeader, log: Logger): Promise<void> => {
  const { task, current, total, status } = step;
  return orWarn(controlPlane.progress(task, { current, total, status }), log);
};

/** Progress is for people: that it could not be told fails nothing. */
const orWarn = (told: Promise<void>, log: Logger): Promise<void> =>
  told.catch((error: unknown) => log.warn({ err: error }, 'progress could not be told'));

/** Characters of an error that are told with a step that is tried again. */
const ERROR_CHARS = 200;

/** Why a step that failed is tried again, for those who wait for it. */
function afterFailure(step: StepHeader, error: unknown): string {
  const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return `${step.status}: failed and will be tried again: ${why.slice(0, ERROR_CHARS)}`;
}

/** Heartbeats with the last line of output, on a timer: a quiet program is no dead one. */
function beating(context: Context): { readonly note: (line: string) => void; readonly stop: () => void } {
  let last = '';
  if (!context.info.heartbeatTimeoutMs) return { note: () => undefined, stop: () => undefined };
  const timer = setInterval(() => context.heartbeat({ line: last }), BEAT_MS);
  return {
    note: (line) => {
      last = line.slice(0, 200);
    },
    stop: () => clearInterval(timer),
  };
}

const cancelled = (reason: unknown): unknown =>
  reason instanceof CancelledFailure ? reason : new CancelledFailure('CANCELLED', [], reason as Error);

function report(log: Logger, error: unknown): void {
  if (isRepeated(error)) log.warn({ err: error }, 'failed');
  else log.info({ err: error }, 'refused');
}

/** Whether the engine tries again, as long as there is time. */
const isRepeated = (error: unknown): boolean => !(error instanceof DomainError) || RETRYABLE[error.fault.kind];
