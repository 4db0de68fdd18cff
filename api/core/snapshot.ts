import { randomUUID } from 'node:crypto';
import { conflict, exists, invalid, notFound } from '../../domain/fault.ts';
import type { SnapshotId } from '../../domain/ids.ts';
import type { ChangeSnapshot } from '../../domain/plan.ts';
import type { Principal } from '../../domain/principal.ts';
import { SNAPSHOT_NAME, type Snapshot } from '../../domain/snapshot.ts';
import type { Task } from '../../domain/task.ts';
import { keepsSnapshots } from '../../domain/volume.ts';
import type { Db } from '../../store/open.ts';
import { findSnapshot, insertSnapshot, snapshotsOf, updateSnapshot } from '../../store/snapshot.ts';
import { toTask } from '../../store/task.ts';
import type { VmRow } from '../../store/vm.ts';
import { disksOf } from '../../store/volume.ts';
import { getVm } from './get-vm.ts';
import { type Asked, ask, askOnce } from './operation.ts';
import type { CoreParts } from './parts.ts';

export interface SnapshotService {
  /**
   * Asks for a moment of the running VM to be kept; it is listed as pending from now on. 'conflict' naming the disk that cannot keep
   * one, 'exists' for a name that another of its snapshots has.
   */
  create(
    who: Principal,
    ref: string,
    name?: string | null,
    key?: string | null,
  ): Promise<{ readonly snapshot: SnapshotId; readonly task: Task }>;
  /** In the order of asking. */
  list(who: Principal, ref: string): Promise<readonly Snapshot[]>;
  /** Asks for the VM to be taken back. By id or name; 'not-found' for a snapshot that is unknown or not ready. */
  revert(who: Principal, ref: string, snapshot: string, key?: string | null): Promise<Task>;
  /** Asks for the snapshot to be removed. By id or name; 'conflict' if that was asked for already. */
  remove(who: Principal, ref: string, snapshot: string, key?: string | null): Promise<Task>;
}

/** Snapshots of the VMs that the asker sees. */
export function snapshotService(parts: Pick<CoreParts, 'store' | 'jobs' | 'log'>): SnapshotService {
  const { store } = parts;
  return {
    create: async (who, ref, name = null, key = null) => {
      const request = { who, ref, key, asked: ['vm.snapshot', name] } as const;
      const task = await askOnce(parts, request, (tx, vm) => askSnapshot(tx, vm, who, name));
      const { snapshot } = task.input as Pick<ChangeSnapshot, 'snapshot'>;
      return { snapshot, task: toTask(task) };
    },
    list: async (who, ref) => snapshotsOf(store.read, [(await getVm(store.read, who, ref)).id]),
    revert: async (who, ref, snapshot, key = null) => {
      const request = { who, ref, key, asked: ['vm.revert', snapshot] } as const;
      return toTask(await askOnce(parts, request, (tx, vm) => askRevert(tx, vm, who, snapshot)));
    },
    remove: async (who, ref, snapshot, key = null) => {
      const request = { who, ref, key, asked: ['vm.snapshot-remove', snapshot] } as const;
      return toTask(await askOnce(parts, request, (tx, vm) => askRemoval(tx, vm, who, snapshot)));
    },
  };
}

type Asker = Pick<Principal, 'account'>;

/** Asks for a snapshot in the caller's transaction; whether the asker may is the caller's to know, as with all of these. */
export async function askSnapshot(
  tx: Db,
  vm: VmRow,
  who: Asker,
  name: string | null,
): Promise<Asked & { readonly snapshot: Snapshot }> {
  if (name !== null && !SNAPSHOT_NAME.test(name))
    throw invalid('name', `'${name}' is not made of 1 to 64 letters, digits, dots, hyphens and underscores.`);
  if (name !== null && (await findSnapshot(tx, vm.id, name))) throw exists('snapshot', name);
  await mustKeep(tx, vm);
  const moment = { state: 'pending', failedReason: null, createdAt: Date.now(), readyAt: null } as const;
  const snapshot: Snapshot = { id: mintSnapshotId(), vm: vm.id, name, ...moment };
  await insertSnapshot(tx, snapshot);
  return { ...(await ask(tx, vm, who, 'vm.snapshot', { snapshot: snapshot.id })), snapshot };
}

/** 'not-found' for a snapshot that is unknown or not ready. */
export async function askRevert(tx: Db, vm: VmRow, who: Asker, ref: string): Promise<Asked> {
  const found = await findSnapshot(tx, vm.id, ref);
  if (found?.state !== 'ready') throw notFound('snapshot', ref);
  return ask(tx, vm, who, 'vm.revert', { snapshot: found.id });
}

/** 'not-found' for an unknown snapshot, 'conflict' for one whose removal was asked for. */
export async function askRemoval(tx: Db, vm: VmRow, who: Asker, ref: string): Promise<Asked> {
  const found = await findSnapshot(tx, vm.id, ref);
  if (!found) throw notFound('snapshot', ref);
  if (found.state === 'removing') throw conflict(`Snapshot '${ref}' of VM '${vm.name}' is being removed.`);
  await updateSnapshot(tx, found.id, { state: 'removing', failedReason: null });
  return ask(tx, vm, who, 'vm.snapshot-remove', { snapshot: found.id });
}

/** What the store knows of it before the node does. */
async function mustKeep(tx: Db, vm: VmRow): Promise<void> {
  const disks = await disksOf(tx, vm.id);
  if (disks.length === 0) throw conflict(`VM '${vm.name}' has no disk that could keep a snapshot.`);
  const unfit = disks.find((disk) => !keepsSnapshots(disk));
  if (unfit)
    throw conflict(
      `Disk ${unfit.diskId} (${unfit.pool}/${unfit.name}) of VM '${vm.name}' is raw: only clones of a base image and added disks keep snapshots.`,
    );
}

const LETTERS = 'abcdefghijklmnop';

/** A UUID's digits, the first of them a letter: some programs take a name that begins with a digit for a number. */
function mintSnapshotId(): SnapshotId {
  const digits = randomUUID().replaceAll('-', '');
  return `${LETTERS[Number.parseInt(digits.charAt(0), 16)]}${digits.slice(1)}` as SnapshotId;
}
