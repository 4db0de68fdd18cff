import { volumeId } from '../domain/ids.ts';
import { SCSI_DISK_IDS, volumeName } from '../domain/name.ts';
import type { MiB } from '../domain/units.ts';
import type { Disk } from '../domain/volume.ts';
import type { Db } from './open.ts';
import type { VmRow } from './vm.ts';
import { findVolume, insertVolumes, volumesOf } from './volume.ts';

/** Reserves one more disk of the VM, in the pool of its first, under the next name that is free; or says why there can be none. */
export async function addDisk(tx: Db, vm: VmRow, size: MiB): Promise<Disk | string> {
  const own = await volumesOf(tx, [vm.id]);
  const pool = own[0]?.pool;
  if (pool === undefined) return `VM '${vm.name}' has no disk whose storage pool another could share.`;
  for (const diskId of SCSI_DISK_IDS) {
    const name = volumeName(vm.name, diskId);
    // A disk that was kept when a VM of the same name went has its name still.
    if (own.some((volume) => volume.diskId === diskId) || (await findVolume(tx, pool, name))) continue;
    const disk: Disk = {
      ...{ volume: volumeId(vm.name, diskId, vm.id), name, pool, diskId, size },
      ...{ fill: { kind: 'blank', snapshots: true }, filesystem: null, filesystemArgs: [], mountpoint: null },
    };
    await insertVolumes(tx, [disk], { vm: vm.id, tenant: vm.tenant, node: vm.node, addedAt: Date.now() });
    return disk;
  }
  return `VM '${vm.name}' has ${SCSI_DISK_IDS.length} disks already.`;
}
