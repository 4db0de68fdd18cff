import { conflict, invalid, noCapacity } from '../../domain/fault.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Task } from '../../domain/task.ts';
import { gibToMib, type MiB } from '../../domain/units.ts';
import type { Disk } from '../../domain/volume.ts';
import type { Db } from '../../store/open.ts';
import { toTask } from '../../store/task.ts';
import type { VmRow } from '../../store/vm.ts';
import { addedDisksOf, disksOf } from '../../store/volume.ts';
import { listCandidates } from './candidates.ts';
import { getVm } from './get-vm.ts';
import { type Asked, ask, askOnce } from './operation.ts';
import type { CoreParts } from './parts.ts';

export interface DiskService {
  /** Asks for a blank disk to be added to the VM, in the pool of its first one. 'no-capacity' if the pool has no room for it now. */
  attach(who: Principal, ref: string, size: MiB, key?: string | null): Promise<Task>;
  /** Disks that the VM was given after it was made, in that order. */
  added(who: Principal, ref: string): Promise<readonly Disk[]>;
}

/** The largest disk that can be added. */
const LARGEST = gibToMib(2048);

/** In GiB, as people ask for disks, cut to two decimals. */
const gib = (size: number): number => Math.floor((size / 1_024) * 100) / 100;

/** Disks of the VMs that the asker sees. */
export function diskService(parts: Pick<CoreParts, 'store' | 'jobs' | 'log'>): DiskService {
  const { store } = parts;
  return {
    attach: async (who, ref, size, key = null) => {
      const request = { who, ref, key, asked: ['vm.attach-disk', size] } as const;
      return toTask(await askOnce(parts, request, (tx, vm) => askDisk(tx, vm, who, size)));
    },
    added: async (who, ref) => addedDisksOf(store.read, (await getVm(store.read, who, ref)).id),
  };
}

/** Asks for a disk in the caller's transaction; whether the asker may is the caller's to know. */
export async function askDisk(tx: Db, vm: VmRow, who: Pick<Principal, 'account'>, size: MiB): Promise<Asked> {
  if (size > LARGEST)
    throw invalid('size', `${gib(size)} GB are more than ${gib(LARGEST)} GB, the most that a disk may have.`);
  const pool = (await disksOf(tx, vm.id))[0]?.pool;
  if (pool === undefined) throw conflict(`VM '${vm.name}' has no disk whose storage pool another could share.`);
  const free = (await listCandidates(tx)).find(({ name }) => name === vm.node)?.poolFree[pool];
  if (free !== undefined && free < size)
    throw noCapacity(
      `Storage pool '${pool}' of node ${vm.node} has ${gib(Math.max(0, free))} GB free, ${gib(size)} wanted.`,
    );
  return ask(tx, vm, who, 'vm.attach-disk', { size });
}
