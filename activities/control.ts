import { cancelled, conflict, notFound } from '../domain/fault.ts';
import type { TaskId, VmId, Vni, VolumeId } from '../domain/ids.ts';
import type { AttachDisk, CreateVm } from '../domain/plan.ts';
import { TASK_FINAL, type TaskState, vmOfInput, workflowId } from '../domain/task.ts';
import type { VmState } from '../domain/vm.ts';
import type { Disk } from '../domain/volume.ts';
import { deleteWaiterEverywhere, unmarkBasesOf } from '../store/base-image.ts';
import { deleteNetwork, unmarkNetworksOf } from '../store/network.ts';
import { nicsOf } from '../store/nic.ts';
import type { Db, Store } from '../store/open.ts';
import { findEntryOfVm, markCloned } from '../store/pool-entry.ts';
import { beginNextAfter, dropQueue, settleSnapshot } from '../store/queue.ts';
import { findTask, type TaskRow, updateTask } from '../store/task.ts';
import { hearTurn } from '../store/turn.ts';
import { deleteVm, findVm, freeVmsOf, updateVm, type VmRow } from '../store/vm.ts';
import { deleteVolume, deleteVolumesOf, unmarkVolumesOf, volumesOf } from '../store/volume.ts';
import { type BaseActivities, baseActivities, useBase } from './base.ts';
import { type TurnActivities, turnActivities } from './turn.ts';

/** How a task ended; `error` is for people and names the reason. */
export interface Outcome {
  readonly state: Extract<TaskState, 'SUCCESS' | 'FAILURE' | 'REVOKED'>;
  readonly status: string;
  readonly error: string | null;
  /** Kind of the fault, where it is one of ours. */
  readonly fault?: string | null;
  /** Of a creation that succeeded. */
  readonly made?: MadeVm;
}

/** A VM as its creation left it, free for the next change. */
export interface MadeVm {
  readonly vm: VmId;
  readonly state: Extract<VmState, 'running' | 'stopped'>;
  /** Its domain's, if it has one. */
  readonly xml: string | null;
}

/** Activities of the queue `control`: one store transaction each, repeatable. */
export interface ControlActivities extends TurnActivities, BaseActivities {
  /** The task is RUNNING from now on. Succeeds if it was already; 'conflict' if it ended, 'cancelled' if it was to end before. */
  beginTask(task: TaskId, total: number): Promise<void>;
  /**
   * The same for a creation, whose name, node, capacity, addresses and disks have to be reserved for it; 'conflict' otherwise. 'wait' for its
   * turn on the node, or 'go'; 'clone' if it may also clone its base image at once, which counts as claimed then.
   */
  beginCreation(cmd: CreateVm, total: number): Promise<'wait' | 'go' | 'clone'>;
  /** Writes the outcome, and what was made, once: a task that ended keeps its first outcome. What waited for the VM that it changed begins. */
  finishTask(task: TaskId, outcome: Outcome): Promise<void>;
  /** Gives back everything reserved for the VM, its row included; does nothing if another task owns the name by now. */
  release(vm: VmId): Promise<void>;
  recordDefined(vm: VmId, xml: string): Promise<void>;
  /** Confirms that the disk is reserved for this task; 'conflict' otherwise. */
  reserveDisk(cmd: AttachDisk): Promise<void>;
  /** Gives the reservation of a disk back. */
  releaseDisk(disk: Pick<Disk, 'pool' | 'volume'>): Promise<void>;
  /**
   * The VM's state from now on, with the reason if it is 'failed'; the VM is free for the next change.
   * With `task`, only while that task is the one that changes it: a late repeat does not overwrite the next change.
   */
  recordVm(vm: VmId, state: Exclude<VmState, 'absent'>, reason: string | null, task?: TaskId): Promise<void>;
  /** Disk and address rows go with it. With `keepDisks` the volumes stay and belong to no VM. */
  forgetVm(vm: VmId, keepDisks: boolean): Promise<void>;
  /** The network is gone from the store's point of view once every node has removed it. */
  forgetNetwork(vni: Vni): Promise<void>;
  /** The volume is gone from the store's point of view once its node has removed it: its name is free. */
  forgetVolume(pool: string, volume: VolumeId): Promise<void>;
}

// Left to the sweeper, as what is accepted and not started is anyway.
const START_LATER = (): void => undefined;

/** Whom the control plane's activities tell: of each task that begins because another has ended, and of VM pools that have work. */
export interface Told {
  readonly start: (task: TaskRow) => void;
  readonly wakePool: (pool: string) => void;
}

/** The control plane's activities over the store. */
export function controlActivities(
  store: Store,
  { start = START_LATER, wakePool = () => undefined }: Partial<Told> = {},
): ControlActivities {
  return {
    ...turnActivities(store),
    ...baseActivities(store),
    beginTask: (task, total) => store.write((tx) => beginTask(tx, task, total)),
    beginCreation: (cmd, total) =>
      store.write(async (tx) => {
        // Cancelled first: repeated when all was given back, it is cancelled still.
        await beginTask(tx, cmd.task, total);
        const vm = await confirmReservation(tx, cmd);
        if (!(await hearTurn(tx, vm))) return 'wait';
        return cmd.base && (await useBase(tx, cmd.base, cmd.node)) ? 'clone' : 'go';
      }),
    finishTask: async (task, outcome) => {
      const { next, pool } = await store.write((tx) => finishTask(tx, task, outcome));
      if (next) start(next);
      if (pool !== null) wakePool(pool);
    },
    release: (vm) => store.write((tx) => forget(tx, vm, false)),
    reserveDisk: (cmd) => confirmDisk(store.read, cmd),
    releaseDisk: (disk) => store.write((tx) => deleteVolume(tx, disk)),
    recordDefined: async (vm, xml) => {
      const entry = await store.write(async (tx) => {
        await recordDefined(tx, vm, xml);
        return findEntryOfVm(tx, vm);
      });
      // Its place is free for another clone.
      if (entry) wakePool(entry.pool);
    },
    recordVm: (vm, state, reason, task) => store.write((tx) => recordVm(tx, vm, { state, failedReason: reason }, task)),
    forgetVm: (vm, keepDisks) => store.write((tx) => forget(tx, vm, keepDisks)),
    forgetNetwork: (vni) => store.write((tx) => deleteNetwork(tx, vni)),
    forgetVolume: (pool, volume) => store.write((tx) => deleteVolume(tx, { pool, volume })),
  };
}

async function recordVm(
  tx: Db,
  vm: VmId,
  now: { readonly state: Exclude<VmState, 'absent'>; readonly failedReason: string | null },
  task?: TaskId,
): Promise<void> {
  const changing = (await findVm(tx, vm))?.changing ?? null;
  if (task !== undefined && changing !== task) return;
  const rests = changing === null ? {} : { changing: null, restingSince: Date.now() };
  await updateVm(tx, vm, { ...now, ...rests });
}

async function beginTask(tx: Db, id: TaskId, total: number): Promise<void> {
  const task = await knownTask(tx, id);
  if (TASK_FINAL.includes(task.state)) throw conflict(`Task ${id} has ended: ${task.state}.`);
  if (task.cancelRequested && task.state === 'PENDING') throw cancelled(`Task ${id} was cancelled before it began.`);
  const startedAt = task.startedAt ?? Date.now();
  await updateTask(tx, id, { state: 'RUNNING', total, startedAt, workflowStarted: true });
}

/** The task that begins because this one has ended, and the VM pool that its VM belongs to, if there are such. */
async function finishTask(
  tx: Db,
  id: TaskId,
  { made, ...outcome }: Outcome,
): Promise<{ readonly next: TaskRow | null; readonly pool: string | null }> {
  const task = await knownTask(tx, id);
  const pool = await poolOf(tx, task);
  if (TASK_FINAL.includes(task.state)) return { next: null, pool };
  const current = outcome.state === 'SUCCESS' ? task.total : task.current;
  await updateTask(tx, id, { ...outcome, current, finishedAt: Date.now(), workflowStarted: true });
  if (made) {
    if (made.xml !== null) await recordDefined(tx, made.vm, made.xml);
    await recordVm(tx, made.vm, { state: made.state, failedReason: null });
  }
  await freeVmsOf(tx, id);
  await unmarkNetworksOf(tx, id);
  await unmarkVolumesOf(tx, id);
  await unmarkBasesOf(tx, id);
  await deleteWaiterEverywhere(tx, workflowId(id));
  await settleSnapshot(tx, task, outcome.state, outcome.error);
  return { next: await beginNextAfter(tx, task), pool };
}

async function recordDefined(tx: Db, vm: VmId, xml: string): Promise<void> {
  await updateVm(tx, vm, { xml, defined: true });
  await markCloned(tx, vm, Date.now());
}

async function poolOf(tx: Db, { input }: TaskRow): Promise<string | null> {
  const vm = vmOfInput(input);
  return vm === undefined ? null : ((await findEntryOfVm(tx, vm))?.pool ?? null);
}

async function knownTask(tx: Db, id: TaskId): Promise<TaskRow> {
  const task = await findTask(tx, id);
  if (!task) throw notFound('task', id);
  return task;
}

/** The reservation was made with the task's row: this is where a workflow makes sure of it. */
async function confirmReservation(db: Db, cmd: CreateVm): Promise<VmRow> {
  const vm = await findVm(db, cmd.vm);
  const nics = await nicsOf(db, [cmd.vm]);
  const volumes = await volumesOf(db, [cmd.vm]);
  const held =
    vm?.changing === cmd.task &&
    vm.name === cmd.name &&
    vm.node === cmd.node &&
    cmd.nics.every(({ mac, ip }) => nics.some((nic) => nic.mac === mac && nic.ip === ip)) &&
    cmd.disks.every(({ pool, volume }) => volumes.some((row) => row.pool === pool && row.volume === volume));
  if (!held) throw conflict(`VM '${cmd.name}' is not reserved for task ${cmd.task} any more.`);
  return vm;
}

async function confirmDisk(db: Db, { task, vm, name, disk }: AttachDisk): Promise<void> {
  const held = (await findVm(db, vm))?.changing === task;
  const volumes = await volumesOf(db, [vm]);
  if (!held || !volumes.some(({ pool, volume }) => pool === disk.pool && volume === disk.volume))
    throw conflict(`Disk ${disk.diskId} of VM '${name}' is not reserved for task ${task} any more.`);
}

async function forget(tx: Db, vm: VmId, keepDisks: boolean): Promise<void> {
  await dropQueue(tx, vm, 'Its VM is gone.');
  if (!keepDisks) await deleteVolumesOf(tx, vm);
  await deleteVm(tx, vm);
}
