import { exists, invalid } from '../../../domain/fault.ts';
import { type NodeName, type VmId, volumeId } from '../../../domain/ids.ts';
import { DISK_ID, volumeName } from '../../../domain/name.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { StorageTemplateDisk } from '../../../domain/profile.ts';
import type { Disk } from '../../../domain/volume.ts';
import type { Db } from '../../../store/open.ts';
import { findStoragePool } from '../../../store/storage-pool.ts';
import { findVolume, type VolumeRow } from '../../../store/volume.ts';
import { sees } from '../authorize.ts';

export interface PlannedDisk {
  readonly disk: Disk;
  /** The volume it is cloned from, and the node that has it. */
  readonly pinned: { readonly volume: string; readonly node: NodeName } | null;
}

interface Owner {
  readonly who: Principal;
  readonly vm: VmId;
  readonly name: string;
  /** Whether it may have its volumes already. */
  readonly mayExist: boolean;
}

/** A volume that is cloned must not change afterwards: nobody may write to it. */
const AT_REST: readonly unknown[] = [null, 'stopped', 'failed'];

/** A VM's disk as its template has it; refuses a pool or source volume that does not exist, and a name that is taken. */
export async function planDisk(db: Db, template: StorageTemplateDisk, owner: Owner): Promise<PlannedDisk> {
  const { diskId, pool, sourceVolume, filesystem, filesystemArgs, mountpoint } = template;
  if (!DISK_ID.test(diskId)) throw invalid('disk_id', `'${diskId}' is not like sda or vda.`);
  if (!(await findStoragePool(db, pool))) throw invalid('pool', `there is no storage pool '${pool}'.`);
  const name = volumeName(owner.name, diskId);
  if (!owner.mayExist && (await findVolume(db, pool, name))) throw exists('volume', `${pool}/${name}`);
  const own = { volume: volumeId(owner.name, diskId, owner.vm), name, pool, diskId };
  if (sourceVolume !== null) {
    const source = await sourceOf(db, template, sourceVolume, owner.who);
    const fill = { kind: 'clone', source: source.volume } as const;
    return {
      disk: { ...own, size: source.size, fill, filesystem: null, filesystemArgs: [], mountpoint: null },
      pinned: source.node === null ? null : { volume: sourceVolume, node: source.node },
    };
  }
  if (template.size === null) throw invalid('disk_size', `disk '${diskId}' has neither size nor source_volume.`);
  // What the guest alone fills can keep its snapshots; what a script fills is raw, which its tools know.
  const fill = filesystem === null ? ({ kind: 'blank', snapshots: true } as const) : ({ kind: 'blank' } as const);
  const disk: Disk = { ...own, size: template.size, fill, filesystem, filesystemArgs, mountpoint };
  return { disk, pinned: null };
}

async function sourceOf(db: Db, { pool }: StorageTemplateDisk, name: string, who: Principal): Promise<VolumeRow> {
  const found = await findVolume(db, pool, name);
  if (!found || !sees(who, found.volume))
    throw invalid('source_volume', `there is no volume '${name}' in storage pool '${pool}'.`);
  if (!AT_REST.includes(found.vmState))
    throw invalid('source_volume', `volume '${name}' belongs to VM '${found.vmName}', which is ${found.vmState}.`);
  if (found.volume.removing !== null) throw invalid('source_volume', `volume '${name}' is being removed.`);
  return found.volume;
}
