import type { Jobs } from '../../domain/jobs.ts';
import type { Store } from '../../store/open.ts';
import { listIdleQueues } from '../../store/operation.ts';
import { beginNext } from '../../store/queue.ts';
import { listUntold, type TaskRow } from '../../store/task.ts';
import { deleteExpiredSessions } from '../../store/token.ts';
import { collectBases, UNUSED_BASE_MS } from './collect.ts';
import { type CoreLog, STDERR_LOG } from './parts.ts';
import { cancelNow, logUntold, startNow } from './start.ts';

/** Younger tasks are being started by whoever accepted them. */
const GRACE_MS = 5_000;

export interface SweepOptions {
  readonly graceMs?: number;
  /** How long a base image is kept that nothing is made from. */
  readonly unusedBaseMs?: number;
  readonly log?: CoreLog;
}

/**
 * Starts what was accepted but never started, passes on what was to be cancelled, has unused base images removed, begins
 * what waits for VMs that are free, forgets sessions that ran out. One that fails does not hold up the others; returns how many were told, and how many could not be.
 */
export async function sweep(
  store: Store,
  jobs: Jobs,
  { graceMs = GRACE_MS, unusedBaseMs = UNUSED_BASE_MS, log = STDERR_LOG }: SweepOptions = {},
): Promise<{ readonly told: number; readonly failed: number }> {
  const tally = { told: 0, failed: 0 };
  const untold = await listUntold(store.read, Date.now() - graceMs);
  const begun = [...(await collectBases(store, Date.now() - unusedBaseMs)), ...(await beginIdle(store))];
  for (const task of [...untold, ...begun]) {
    try {
      if (!task.workflowStarted) await startNow({ store, jobs }, task);
      else if (task.cancelRequested) await cancelNow({ store, jobs }, task);
      tally.told += 1;
    } catch (error) {
      logUntold(log, task, error);
      tally.failed += 1;
    }
  }
  await store.write((tx) => deleteExpiredSessions(tx, Date.now()));
  return tally;
}

/** Whoever freed a VM begins what waits for it: here is what was missed. */
async function beginIdle(store: Store): Promise<readonly TaskRow[]> {
  const begun: TaskRow[] = [];
  for (const vm of await listIdleQueues(store.read)) {
    const task = await store.write((tx) => beginNext(tx, vm));
    if (task) begun.push(task);
  }
  return begun;
}
