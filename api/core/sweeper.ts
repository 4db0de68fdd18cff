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
  const attempt = async (work: () => Promise<void>, failed: (error: unknown) => void): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failed(error);
      tally.failed += 1;
    }
  };
  const tell = (task: TaskRow): Promise<void> =>
    attempt(
      async () => {
        if (!task.workflowStarted) await startNow({ store, jobs }, task);
        else if (task.cancelRequested) await cancelNow({ store, jobs }, task);
        tally.told += 1;
      },
      (error) => logUntold(log, task, error),
    );
  const tellAll = async (tasks: readonly TaskRow[]): Promise<void> => {
    for (const task of tasks) await tell(task);
  };
  const logged = (what: string) => (error: unknown) =>
    log.warn({ reason: String(error) }, `${what}: will be tried again`);

  await tellAll(await listUntold(store.read, Date.now() - graceMs));
  await attempt(
    async () => tellAll(await collectBases(store, Date.now() - unusedBaseMs)),
    logged('unused base images could not be looked for'),
  );
  // Whoever freed a VM begins what waits for it: here is what was missed.
  for (const vm of await listIdleQueues(store.read))
    await attempt(
      async () => {
        const task = await store.write((tx) => beginNext(tx, vm));
        if (task) await tell(task);
      },
      logged(`what waits for VM ${vm} could not be begun`),
    );
  await store.write((tx) => deleteExpiredSessions(tx, Date.now()));
  return tally;
}
