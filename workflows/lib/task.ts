import { ApplicationFailure, CancellationScope, isCancellation, TemporalFailure } from '@temporalio/workflow';
import type { TaskId } from '../../domain/ids.ts';
import { control } from './control.ts';
import { withTask } from './progress.ts';
import { reasonOf } from './reason.ts';

export interface TaskSpec {
  readonly task: TaskId;
  /** How many steps there will be. */
  readonly total: number;
  /** Status of the task when it has succeeded. */
  readonly done: string;
}

/** Runs a task's body and writes its outcome: SUCCESS, REVOKED if it was cancelled and undone, else FAILURE with the reason. */
export async function asTask(spec: TaskSpec, body: () => Promise<void>): Promise<void> {
  const finish = (state: 'SUCCESS' | 'FAILURE' | 'REVOKED', status: string, error: string | null) =>
    shielded(() => control.finishTask(spec.task, { state, status, error }));
  try {
    // Shielded: a task cancelled before it began has reservations to give back, which its body does.
    await shielded(() => control.beginTask(spec.task, spec.total));
    await withTask(spec.task, spec.total, body);
  } catch (cause) {
    if (isCancellation(cause)) await finish('REVOKED', 'cancelled and undone', null);
    else await finish('FAILURE', 'failed', reasonOf(cause));
    throw asFailure(cause);
  }
  await finish('SUCCESS', spec.done, null);
}

/** Runs to its end even if the workflow is cancelled. */
export const shielded = <T>(work: () => Promise<T>): Promise<T> => CancellationScope.nonCancellable(work);

// A plain Error would not end the workflow but block it.
function asFailure(cause: unknown): unknown {
  return cause instanceof TemporalFailure ? cause : ApplicationFailure.nonRetryable(reasonOf(cause), 'internal');
}
