import { ApplicationFailure, CancellationScope, CancelledFailure, isCancellation, log } from '@temporalio/workflow';
import { beginStep, undoStep } from './progress.ts';
import { reasonOf, wasToldToEnd } from './reason.ts';

/** Names the undos that did not succeed, latest step first, each with its reason. */
export type Stuck = readonly string[];

/** One effect with its undo. The undo is told which later undos got stuck, and may only use what was known before the step. */
export type Step = <T>(
  name: string,
  forward: () => Promise<T>,
  undo?: (stuck: Stuck) => Promise<unknown>,
) => Promise<T>;

/** The effect after which nothing is undone any more: it is not begun once the workflow is cancelled, and not cancelled once it is begun. */
export type Commit = (name: string, forward: () => Promise<unknown>) => Promise<unknown>;

/** Type of the failure of a saga that could not be undone completely. */
export const NEEDS_OPERATOR = 'needs-operator';

interface Armed {
  readonly name: string;
  readonly undo: (stuck: Stuck) => Promise<unknown>;
}

/**
 * Runs steps, also several at a time. If one fails or the workflow is cancelled before the body has ended or committed, the others are
 * cancelled and waited for, then every step begun is undone, latest first, and the cause is thrown; 'needs-operator' if an undo got stuck.
 */
export async function saga<T>(body: (step: Step, commit: Commit) => Promise<T>): Promise<T> {
  const armed: Armed[] = [];
  const running = new Set<Promise<unknown>>();
  const scope = new CancellationScope();
  let over = false;
  let committed = false;

  const notBegun = (name: string): CancelledFailure => new CancelledFailure(`'${name}' was not begun`);
  const step: Step = (name, forward, undo) => {
    if (over) return Promise.reject(notBegun(name));
    // Armed before running: a step that timed out may still have done its work.
    if (undo) armed.push({ name, undo });
    const work = beginStep(name, forward);
    running.add(work);
    return work;
  };

  const commit: Commit = (name, forward) => {
    // The step before may have had its effect all the same.
    if (over || scope.consideredCancelled) return Promise.reject(notBegun(name));
    committed = true;
    return beginStep(name, () => CancellationScope.nonCancellable(forward));
  };

  try {
    const result = await scope.run(() => body(step, commit));
    // An activity that ends its work before it hears of the cancellation succeeds.
    if (scope.consideredCancelled && !committed) throw new CancelledFailure('cancelled in its last step');
    return result;
  } catch (error) {
    over = true;
    const cause = causeOf(error);
    // Shielded: a cancelled workflow must still clean up after itself.
    const stuck = await CancellationScope.nonCancellable(async () => {
      scope.cancel();
      // A step beside the failed one must not do its work after its undo.
      await Promise.allSettled(running);
      return unwind(armed);
    });
    if (stuck.length === 0) throw cause;
    throw ApplicationFailure.nonRetryable(stuckReason(cause, stuck), NEEDS_OPERATOR);
  }
}

/** A step that failed since it was to end, or meanwhile, was cancelled; one that failed before that keeps its reason, whatever comes then. */
function causeOf(error: unknown): unknown {
  if (isCancellation(error) || !wasToldToEnd(error)) return error;
  log.warn('a step failed while it was cancelled', { error });
  return new CancelledFailure(`cancelled; ${reasonOf(error)}`);
}

async function unwind(armed: Armed[]): Promise<Stuck> {
  const stuck: string[] = [];
  for (const { name, undo } of armed.reverse()) {
    // One stuck undo must not strand the ones before it.
    await undoStep(name, () => undo(stuck)).catch((error: unknown) => {
      log.error('undo failed', { step: name, error });
      stuck.push(`${name}: ${reasonOf(error)}`);
    });
  }
  return stuck;
}

/** One sentence for a person: why it failed, and what is left. */
export function stuckReason(cause: unknown, stuck: Stuck): string {
  return `${reasonOf(cause)} Could not be undone: ${stuck.join('; ')}`;
}
