import type { VolumeId } from '../../../domain/ids.ts';
import type { MiB } from '../../../domain/units.ts';
import type { Capacity, DiskSource } from '../../../domain/volume.ts';

/** What this backend can do, so that callers ask instead of testing for its name. */
export interface StorageTraits {
  /** Reachable from every host, so live migration needs no copy. */
  readonly shared: boolean;
  readonly thinClones: boolean;
  readonly snapshots: boolean;
  readonly onlineResize: boolean;
}

/** One pool of block volumes. Every method may be repeated with the same arguments, also after it half ran. */
export interface StorageDriver {
  readonly traits: StorageTraits;
  /**
   * Succeeds if the volume exists with this size, blank when new; 'conflict' if it exists with another size. With `snapshots`
   * it can keep snapshots of a running guest, as clones can; 'conflict' if it exists and cannot.
   */
  ensure(volume: VolumeId, size: MiB, wish?: { readonly snapshots: boolean }): Promise<void>;
  /** Succeeds if the volume exists as a clone of `source`, grown to `size` if that is larger; 'not-found' without source. */
  clone(source: VolumeId, volume: VolumeId, size: MiB): Promise<void>;
  /** Succeeds if there is no such volume. 'conflict' if clones depend on it. */
  remove(volume: VolumeId): Promise<void>;
  /** Every volume of the pool, half-made ones included. */
  list(): Promise<readonly { readonly volume: VolumeId; readonly size: MiB }[]>;
  capacity(): Promise<Capacity>;
  /** How an emulator opens it; 'not-found' if it does not exist. */
  locate(volume: VolumeId): Promise<DiskSource>;
}
