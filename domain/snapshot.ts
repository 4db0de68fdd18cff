import type { SnapshotId, VmId } from './ids.ts';

/** 'removing' from the moment that it was asked for; 'failed' could not be made, or not be removed, and can be removed. */
export type SnapshotState = 'pending' | 'ready' | 'removing' | 'failed';

/** A moment of a running VM, memory and disks, that it can be taken back to. */
export interface Snapshot {
  readonly id: SnapshotId;
  readonly vm: VmId;
  /** Unique among those of the VM. */
  readonly name: string | null;
  readonly state: SnapshotState;
  readonly failedReason: string | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** When the moment was kept; null until then. */
  readonly readyAt: number | null;
}

export const SNAPSHOT_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
