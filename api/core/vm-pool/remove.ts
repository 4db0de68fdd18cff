import { DomainError } from '../../../domain/fault.ts';
import type { NodeName } from '../../../domain/ids.ts';
import { SYSTEM } from '../../../domain/principal.ts';
import { TASK_FINAL } from '../../../domain/task.ts';
import { type EntryRow, updateEntry } from '../../../store/pool-entry.ts';
import { listCompletedEntries } from '../../../store/pool-turn.ts';
import { dropQueue } from '../../../store/queue.ts';
import { findTask, updateTask } from '../../../store/task.ts';
import { findVm, type VmRow } from '../../../store/vm.ts';
import { beginChange } from '../vm-change.ts';
import type { Turn } from './turn.ts';

/** Deletions of one pool that go on at once on one node: those on a node that is silent hold up no others. */
const AT_ONCE = 20;
/** A VM that cannot be deleted now is tried again after so long. */
const AGAIN_MS = 30_000;

/** Deletes the VMs of entries that were given up; entries of VMs that are gone are over. Returns how many are left. */
export async function removeCompleted(turn: Turn): Promise<number> {
  const { tx, name, now } = turn;
  let left = 0;
  const going = new Map<NodeName, number>();
  for (const { entry, changing } of await listCompletedEntries(tx, name)) {
    const vm = await findVm(tx, entry.vm);
    if (!vm) {
      await updateEntry(tx, entry.vm, { state: 'destroyed', destroyedAt: now });
      continue;
    }
    left += 1;
    const onNode = going.get(vm.node) ?? 0;
    if (changing !== null) {
      await endCreation(turn, entry);
      await dropQueue(tx, vm.id, `VM '${vm.name}' was given back.`);
      going.set(vm.node, onNode + 1);
    } else if (onNode < AT_ONCE && (await beginRemoval(turn, vm))) going.set(vm.node, onNode + 1);
  }
  return left;
}

/** One that is still being made is undone instead. */
async function endCreation({ tx, cancelled }: Turn, entry: EntryRow): Promise<void> {
  const task = await findTask(tx, entry.task);
  if (!task || TASK_FINAL.includes(task.state) || task.cancelRequested) return;
  await updateTask(tx, task.id, { cancelRequested: true });
  if (task.workflowStarted) cancelled.push({ ...task, cancelRequested: true });
}

async function beginRemoval({ tx, begun, due, now }: Turn, vm: VmRow): Promise<boolean> {
  try {
    const change = await beginChange(tx, vm, { who: SYSTEM, action: 'delete', deleteDisks: true, graceMs: 0 });
    if (change.fresh) begun.push(change.task);
    return true;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    // Disks that others were cloned from, for one: it stays, and says why.
    await updateEntry(tx, vm.id, { reason: error.message });
    due.push(now + AGAIN_MS);
    return false;
  }
}
