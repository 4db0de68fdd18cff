import type { Jobs } from '../../domain/jobs.ts';
import { TASK_FINAL, workflowId } from '../../domain/task.ts';
import { deleteWaiterEverywhere, dropBuildsOf, unmarkBasesOf } from '../../store/base-image.ts';
import { unmarkNetworksOf } from '../../store/network.ts';
import type { Db, Store } from '../../store/open.ts';
import { beginNextAfter, settleSnapshot } from '../../store/queue.ts';
import { findTask, listUnended, type TaskRow, updateTask } from '../../store/task.ts';
import { failVmsOf } from '../../store/vm.ts';
import { unmarkVolumesOf } from '../../store/volume.ts';
import { STDERR_LOG } from './parts.ts';
import { startSoon } from './start.ts';

/** Younger tasks are not asked about: most have ended by then. */
const GRACE_MS = 60_000;

/**
 * Ends tasks whose workflow will not do it: terminated by an operator, or unknown to an engine that lost its database. What
 * they were changing is 'failed' and says why, so that it can be deleted; what waited for it has its turn. Returns how many there were.
 */
export async function settleLost(store: Store, jobs: Jobs, graceMs = GRACE_MS, log = STDERR_LOG): Promise<number> {
  let settled = 0;
  for (const task of await listUnended(store.read, Date.now() - graceMs)) {
    const fate = await jobs.fate(task.id);
    if (fate === null) continue;
    const next = await store.write((tx) => settle(tx, task, fate));
    if (next) startSoon({ store, jobs, log }, next);
    settled += 1;
  }
  return settled;
}

async function settle(tx: Db, { id }: TaskRow, fate: string): Promise<TaskRow | null> {
  const task = await findTask(tx, id);
  // A workflow writes its task's outcome before it ends: by now it may stand there.
  if (!task || TASK_FINAL.includes(task.state)) return null;
  const error = `Its workflow is ${fate}: what it had begun is not undone.`;
  await updateTask(tx, id, { state: 'FAILURE', status: 'lost', error, finishedAt: Date.now() });
  await failVmsOf(tx, id, `Task ${id} was lost. ${error}`);
  await unmarkNetworksOf(tx, id);
  await unmarkVolumesOf(tx, id);
  await dropBuildsOf(tx, id);
  await unmarkBasesOf(tx, id);
  await deleteWaiterEverywhere(tx, workflowId(id));
  await settleSnapshot(tx, task, 'FAILURE', error);
  return beginNextAfter(tx, task);
}
