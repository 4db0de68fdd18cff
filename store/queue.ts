import type { SnapshotId, TaskId, VmId } from '../domain/ids.ts';
import { whyNot } from '../domain/operation.ts';
import type { AttachDisk, ChangeSnapshot } from '../domain/plan.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { type TaskState, vmOfInput } from '../domain/task.ts';
import { addDisk } from './added-disk.ts';
import { nicsOf } from './nic.ts';
import type { Db } from './open.ts';
import { deleteOperation, findOperation, listOperations, type OperationRow } from './operation.ts';
import { deleteSnapshot, findSnapshot, updateSnapshot } from './snapshot.ts';
import { findTask, type TaskRow, updateTask } from './task.ts';
import { findVm, updateVm, type VmRow } from './vm.ts';
import { addedDisksOf } from './volume.ts';

type Ended = Extract<TaskState, 'SUCCESS' | 'FAILURE' | 'REVOKED'>;

/**
 * Takes a VM that is free for what waits longest for it, and accepts that in the caller's transaction; what cannot be begun fails with the
 * reason and holds up nobody. Returns the task, for the caller to start once it is committed; null if none is to be.
 */
export async function beginNext(tx: Db, id: VmId): Promise<TaskRow | null> {
  const vm = await findVm(tx, id);
  if (!vm || vm.changing !== null) return null;
  for (const operation of await listOperations(tx, id)) {
    await deleteOperation(tx, operation.task);
    const planned = await plan(tx, vm, operation);
    if (typeof planned === 'string') {
      await end(tx, operation, 'FAILURE', planned);
      continue;
    }
    await updateVm(tx, id, { changing: operation.task });
    await updateTask(tx, operation.task, { input: planned, runOn: vm.node, status: 'Accepted.' });
    return (await findTask(tx, operation.task)) ?? null;
  }
  return null;
}

/** The same for the VM that a task which has ended was changing, if it was one. */
export async function beginNextAfter(tx: Db, { input }: Pick<TaskRow, 'input'>): Promise<TaskRow | null> {
  const vm = vmOfInput(input);
  return vm === undefined ? null : beginNext(tx, vm);
}

/** Nothing that waits for the VM will be done: its tasks fail for this reason. */
export async function dropQueue(tx: Db, vm: VmId, reason: string): Promise<void> {
  for (const operation of await listOperations(tx, vm)) {
    await deleteOperation(tx, operation.task);
    await end(tx, operation, 'FAILURE', reason);
  }
}

/** Takes back what waits; false if it is no operation that waits. */
export async function revokeQueued(tx: Db, task: TaskId): Promise<boolean> {
  const operation = await findOperation(tx, task);
  if (!operation) return false;
  await deleteOperation(tx, task);
  await end(tx, operation, 'REVOKED', null);
  return true;
}

/** What a task that has ended means for the snapshot it was about. */
export async function settleSnapshot(
  tx: Db,
  { kind, input }: Pick<TaskRow, 'kind' | 'input'>,
  state: Ended,
  error: string | null,
): Promise<void> {
  if (kind !== 'vm.snapshot' && kind !== 'vm.snapshot-remove') return;
  const { vm, snapshot: id } = input as Pick<ChangeSnapshot, 'vm' | 'snapshot'>;
  const now = await findSnapshot(tx, vm, id);
  if (!now) return;
  const gone = kind === 'vm.snapshot' ? state === 'REVOKED' : state === 'SUCCESS';
  if (gone) await deleteSnapshot(tx, id);
  else await updateSnapshot(tx, id, kind === 'vm.snapshot' ? made(now, state, error) : stays(now, state, error));
}

type Change = Partial<Snapshot>;

function made({ state: now }: Snapshot, state: Ended, error: string | null): Change {
  const readyAt = state === 'SUCCESS' ? Date.now() : null;
  // Its removal may have been asked for meanwhile.
  if (now !== 'pending') return { readyAt };
  return state === 'SUCCESS' ? { state: 'ready', readyAt } : { state: 'failed', failedReason: error };
}

/** Of a removal that did not come about nobody knows how far it got, unless it was not begun. */
const stays = ({ readyAt }: Snapshot, state: Ended, error: string | null): Change =>
  state === 'REVOKED' && readyAt !== null ? { state: 'ready' } : { state: 'failed', failedReason: error };

async function end(tx: Db, { task, kind, vm, argument }: OperationRow, state: Ended, error: string | null) {
  const status = state === 'REVOKED' ? 'cancelled before it began' : 'failed';
  await updateTask(tx, task, { state, status, error, finishedAt: Date.now() });
  await settleSnapshot(tx, { kind, input: { vm, ...argument } }, state, error);
}

/** The workflow's input, or why it cannot begin. */
async function plan(tx: Db, vm: VmRow, operation: OperationRow): Promise<ChangeSnapshot | AttachDisk | string> {
  const { kind, argument, task } = operation;
  const why = whyNot(kind, vm);
  if (why !== null) return why;
  const common = { task, vm: vm.id, name: vm.name, node: vm.node };
  if ('size' in argument) {
    const disk = await addDisk(tx, vm, argument.size);
    return typeof disk === 'string' ? disk : { ...common, disk };
  }
  const { snapshot } = argument;
  if (kind === 'vm.revert' && !(await canRevert(tx, vm.id, snapshot)))
    return `There is no snapshot '${snapshot}' any more.`;
  const off = kind === 'vm.revert' && vm.state === 'stopped';
  const nics = off ? { nics: await nicsOf(tx, [vm.id]) } : {};
  return { ...common, snapshot, added: await addedDisksOf(tx, vm.id), ...nics };
}

async function canRevert(tx: Db, vm: VmId, snapshot: SnapshotId): Promise<boolean> {
  const found = await findSnapshot(tx, vm, snapshot);
  return found !== undefined && found.readyAt !== null;
}
