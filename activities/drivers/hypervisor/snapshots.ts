import { conflict } from '../../../domain/fault.ts';
import type { SnapshotId, VmId } from '../../../domain/ids.ts';

/** A disk as far as it decides whether its domain can be snapshotted. */
export interface SnapshotDisk {
  readonly diskId: string;
  readonly format: string;
  readonly readOnly: boolean;
}

/** Moments of running guests, memory included, kept inside their disks. Every method may be repeated, also after it half ran. */
export interface Snapshots {
  /**
   * Succeeds if this moment of the guest is kept. 'conflict' if it does not run, or naming the disk that cannot keep it:
   * writable disks have to be qcow2. 'unavailable' while an earlier attempt goes on.
   */
  ensure(vm: VmId, snapshot: SnapshotId): Promise<void>;
  /** Succeeds if the guest runs on from that moment, with the disks that it had then. 'not-found' for an unknown one. */
  revert(vm: VmId, snapshot: SnapshotId): Promise<void>;
  /** Succeeds if there is no such snapshot, or no such domain. 'conflict' naming the disk if it has one that the domain lost by a revert. */
  remove(vm: VmId, snapshot: SnapshotId): Promise<void>;
  /** None for an unknown domain. */
  list(vm: VmId): Promise<readonly SnapshotId[]>;
}

/** Throws 'conflict' unless the domain's disks can keep a snapshot. */
export function mustKeepSnapshots(vm: VmId, disks: readonly SnapshotDisk[]): void {
  const writable = disks.filter(({ readOnly }) => !readOnly);
  if (writable.length === 0) throw conflict(`The domain ${vm} has no disk that could keep a snapshot.`);
  const unfit = writable.find(({ format }) => format !== 'qcow2');
  if (unfit) throw conflict(`Disk ${unfit.diskId} of the domain ${vm} is ${unfit.format}: only qcow2 keeps snapshots.`);
}

/** Throws 'conflict' unless the domain has, now, every disk that a snapshot of it has. */
export function mustBeAttached(
  vm: VmId,
  kept: readonly Pick<SnapshotDisk, 'diskId'>[],
  now: readonly Pick<SnapshotDisk, 'diskId'>[],
): void {
  const lost = kept.find(({ diskId }) => !now.some((disk) => disk.diskId === diskId));
  if (lost)
    throw conflict(`Disk ${lost.diskId} is part of the snapshot: it has to be attached to the domain ${vm} again.`);
}
