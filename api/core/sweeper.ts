import type { Jobs } from '../../domain/jobs.ts';
import type { Store } from '../../store/open.ts';
import { listUntold } from '../../store/task.ts';
import { deleteExpiredSessions } from '../../store/token.ts';
import { type CoreLog, STDERR_LOG } from './parts.ts';
import { cancelNow, logUntold, startNow } from './start.ts';

/** Younger tasks are being started by whoever accepted them. */
const GRACE_MS = 5_000;

/**
 * Starts what was accepted but never started, passes on what was to be cancelled, forgets sessions that ran out.
 * One that fails does not hold up the others; returns how many were told, and how many could not be.
 */
export async function sweep(
  store: Store,
  jobs: Jobs,
  { graceMs = GRACE_MS, log = STDERR_LOG }: { readonly graceMs?: number; readonly log?: CoreLog } = {},
): Promise<{ readonly told: number; readonly failed: number }> {
  const tally = { told: 0, failed: 0 };
  for (const task of await listUntold(store.read, Date.now() - graceMs)) {
    try {
      if (!task.workflowStarted) await startNow({ store, jobs }, task);
      if (task.cancelRequested) await cancelNow({ store, jobs }, task);
      tally.told += 1;
    } catch (error) {
      logUntold(log, task, error);
      tally.failed += 1;
    }
  }
  await store.write((tx) => deleteExpiredSessions(tx, Date.now()));
  return tally;
}
