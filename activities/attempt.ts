import { AsyncLocalStorage } from 'node:async_hooks';
import type { TaskId } from '../domain/ids.ts';

/** What an activity may know of the attempt that it runs in. */
export interface Attempt {
  /** 1 for the first; more where another may have half run. */
  readonly number: number;
  /** Epoch milliseconds after which the engine gives the activity up, all attempts together. */
  readonly deadline: number;
  /** Aborted when the task is cancelled, the attempt replaced, or the worker told to end. */
  readonly signal: AbortSignal;
  readonly task: TaskId | null;
  readonly step: string;
  /** Tells the engine what goes on: the last line of output. */
  readonly note: (line: string) => void;
}

const attempts = new AsyncLocalStorage<Attempt>();

/** Runs an activity as this attempt. */
export const withAttempt = <T>(attempt: Attempt, work: () => Promise<T>): Promise<T> => attempts.run(attempt, work);

/** The attempt that is running; throws outside of one. */
export function currentAttempt(): Attempt {
  const attempt = attempts.getStore();
  if (!attempt) throw new Error('bug: an activity was called outside an attempt');
  return attempt;
}
