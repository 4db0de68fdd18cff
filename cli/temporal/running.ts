import { CancelledFailure } from '@temporalio/common';

/** One attempt of an activity in this process. */
export interface Entry {
  readonly workflow: string;
  /** The same for every attempt of one activity of a step. */
  readonly activity: string;
  readonly abort: AbortController;
  readonly ended: Promise<unknown>;
}

/** The attempts that run in this process, so that none works beside its own successor or beside the undo of its step. */
export interface Running {
  readonly add: (entry: Entry) => () => void;
  /** Ends earlier attempts of the same activity (of the whole workflow for an undo), and waits until they have ended. */
  readonly replace: (workflow: string, activity: string | null) => Promise<void>;
}

/** An attempt is lost to the server when its heartbeats are late, but may go on here: while Temporal was down, for example. */
export function running(): Running {
  const entries = new Set<Entry>();
  return {
    add: (entry) => {
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    replace: async (workflow, activity) => {
      const earlier = [...entries].filter(
        (entry) => entry.workflow === workflow && (activity === null || entry.activity === activity),
      );
      for (const { abort } of earlier) abort.abort(new CancelledFailure('REPLACED'));
      await Promise.allSettled(earlier.map(({ ended }) => ended));
    },
  };
}
