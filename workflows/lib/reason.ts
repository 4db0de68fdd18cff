import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  RetryState,
  TimeoutFailure,
} from '@temporalio/common';
import { RETRYABLE } from '../../domain/fault.ts';

const TIMEOUT_REASONS: Readonly<Record<string, string>> = {
  SCHEDULE_TO_START: 'nobody took it up in time: is the node running?',
  HEARTBEAT: 'the worker that did it was lost',
  START_TO_CLOSE: 'it took too long',
  SCHEDULE_TO_CLOSE: 'it did not succeed in time',
};

/** Why something failed, in words for a person: the innermost reason that is known. */
export function reasonOf(error: unknown): string {
  if (error instanceof ActivityFailure) {
    const { cause, activityType } = error;
    if (cause instanceof TimeoutFailure) return `${activityType}: ${timeoutReason(cause)}.`;
    return cause === undefined ? `${activityType} failed.` : reasonOf(cause);
  }
  if (error instanceof ChildWorkflowFailure && error.cause) return reasonOf(error.cause);
  if (error instanceof CancelledFailure) return 'Cancelled.';
  return error instanceof Error ? error.message : String(error);
}

function timeoutReason(timeout: TimeoutFailure): string {
  const why = TIMEOUT_REASONS[timeout.timeoutType ?? ''] ?? 'it timed out';
  // The server keeps what the last attempt failed with.
  return timeout.cause instanceof ApplicationFailure ? `${why}; last: ${timeout.cause.message}` : why;
}

/** Whether an activity was never begun because nobody asked for work on its queue. */
export function wasNotTakenUp(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof TimeoutFailure &&
    error.cause.timeoutType === 'SCHEDULE_TO_START'
  );
}

/** Whether an activity failed after it had been told to end. That its worker was lost, for one: it is not tried again then. */
export const wasToldToEnd = (error: unknown): boolean =>
  error instanceof ActivityFailure && error.retryState === RetryState.CANCEL_REQUESTED;

/** Whether the same input would fail again anywhere: a fault of a kind that is not worth repeating. */
export function isPermanent(error: unknown): boolean {
  return (RETRYABLE as Readonly<Record<string, boolean>>)[kindOf(error)] === false;
}

/** Whether the world is in another state than was taken for granted. */
export const isConflict = (error: unknown): boolean => kindOf(error) === 'conflict';

/** The kind of a fault; empty for whatever else went wrong. */
export function kindOf(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (cause.type ?? '') : '';
}
