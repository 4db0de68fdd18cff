import type { NodeName, VolumeId } from './ids.ts';
import type { MiB } from './units.ts';

/** A storage pool (not a VM pool): where volumes live. */
export interface StoragePool {
  readonly name: string;
  readonly driver: 'local' | 'sim';
  /** Driver's own settings; `path` for 'local'. */
  readonly config: Readonly<Record<string, string>>;
}

export interface Capacity {
  readonly total: MiB;
  readonly free: number;
}

/** How an emulator opens a volume. */
export type DiskSource =
  | { readonly type: 'file'; readonly path: string; readonly format: 'raw' | 'qcow2' }
  | { readonly type: 'rbd'; readonly pool: string; readonly image: string };

/** What a new volume is filled with. */
export type Fill =
  /** With `snapshots`, one that can keep snapshots of a running guest. */
  | { readonly kind: 'blank'; readonly snapshots?: true }
  /** Copy-on-write where the pool can, else a full copy. The source must not change afterwards. */
  | { readonly kind: 'clone'; readonly source: VolumeId };

/** One disk of a VM. */
export interface Disk {
  readonly volume: VolumeId;
  /** What people call it: `<vm>_<disk id>`. */
  readonly name: string;
  readonly pool: string;
  /** 'sda' and so on: SCSI; 'vda': virtio. */
  readonly diskId: string;
  readonly size: MiB;
  readonly fill: Fill;
  readonly filesystem: string | null;
  /** Arguments to mkfs, each one word. */
  readonly filesystemArgs: readonly string[];
  /** Where it is mounted while the install script runs. */
  readonly mountpoint: string | null;
}

/** A volume as people see it, whether a VM has it or it outlived its VM. */
export interface Volume {
  readonly pool: string;
  readonly name: string;
  readonly size: MiB;
  readonly node: NodeName;
  /** Name of the VM that it belongs to. */
  readonly vm: string | null;
}

/** Whether a guest with this disk can be snapshotted while it runs: clones can, blank volumes if they were made for it. */
export const keepsSnapshots = ({ fill }: Pick<Disk, 'fill'>): boolean =>
  fill.kind === 'clone' || fill.snapshots === true;

/** Name of the program that makes the filesystem. */
export const mkfsProgram = (filesystem: string): string => (filesystem === 'swap' ? 'mkswap' : `mkfs.${filesystem}`);
