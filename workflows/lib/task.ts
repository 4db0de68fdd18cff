import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  TemporalFailure,
} from '@temporalio/workflow';
import type { MadeVm } from '../../activities/control.ts';
import type { TaskId } from '../../domain/ids.ts';
import { control, controlDurably } from './control.ts';
import { withTask } from './progress.ts';
import { isConflict, kindOf, reasonOf } from './reason.ts';

export interface TaskSpec {
  readonly task: TaskId;
  /** How many steps there will be. */
  readonly total: number;
  /** Status of the task when it has succeeded. */
  readonly done: string;
  /** The VM that the body made: recorded with the outcome, at once or not at all. */
  readonly made?: () => MadeVm;
  /** Makes the task RUNNING, in place of what does it for any task. */
  readonly begin?: () => Promise<void>;
  /** Gives back what was reserved with the task's row, when the task cannot even begin. */
  readonly giveBack?: (cause: unknown) => Promise<unknown>;
}

/** Runs a task's body and writes its outcome: SUCCESS, REVOKED if it was cancelled and undone, else FAILURE with the reason. */
export async function asTask(spec: TaskSpec, body: () => Promise<void>): Promise<void> {
  const finish = (state: 'FAILURE' | 'REVOKED', status: string, error: string | null, fault: string | null = null) =>
    shielded(() => control.finishTask(spec.task, { state, status, error, fault }));
  try {
    // Shielded: a task cancelled before it began has reservations to give back, which its body does.
    await shielded(() => begin(spec));
    await withTask(spec.task, spec.total, body);
  } catch (cause) {
    if (isCancellation(cause)) await finish('REVOKED', 'cancelled and undone', null);
    else await finish('FAILURE', 'failed', reasonOf(cause), kindOf(cause) || null);
    throw asFailure(cause);
  }
  // A cancellation that arrives with the last words makes the engine ask for them anew: then it must find the same history.
  const outcome = { state: 'SUCCESS', status: spec.done, error: null } as const;
  await shielded(() => controlDurably.finishTask(spec.task, spec.made ? { ...outcome, made: spec.made() } : outcome));
}

async function begin({ task, total, begin = () => control.beginTask(task, total), giveBack }: TaskSpec): Promise<void> {
  try {
    await begin();
  } catch (cause) {
    const why = kindOf(cause) === 'cancelled' ? new CancelledFailure('cancelled before it began') : cause;
    // A task that has ended is none of this run's: it may have succeeded, and reserves nothing any more.
    if (!isConflict(cause)) await giveBack?.(why);
    throw why;
  }
}

/** Runs to its end even if the workflow is cancelled. */
export const shielded = <T>(work: () => Promise<T>): Promise<T> => CancellationScope.nonCancellable(work);

// A plain Error would not end the workflow but block it.
function asFailure(cause: unknown): unknown {
  return cause instanceof TemporalFailure ? cause : ApplicationFailure.nonRetryable(reasonOf(cause), 'internal');
}
