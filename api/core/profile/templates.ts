import type { NodeName } from '../../../domain/ids.ts';
import type { MiB } from '../../../domain/units.ts';
import type { Selector } from '../../../domain/vm.ts';
import type { NewDisk } from '../template/storage.ts';
import type { NewSystemTemplate } from '../template/system.ts';
import type { ProfileDocument } from './document.ts';

/** The system template that a document asks for. */
export const toSystem = (system: ProfileDocument['system']): Omit<NewSystemTemplate, 'name'> => ({
  vcpus: system.vcpus,
  memory: system.memoryMiB as MiB,
  serial: system.serial ?? true,
  vnc: system.vnc ?? false,
  vncBind: system.vncBind ?? null,
  nodeLimit: (system.nodeLimit as readonly NodeName[] | undefined) ?? null,
  nodeSelector: (system.nodeSelector as Selector | undefined) ?? null,
  nodeAutostart: system.autostart ?? false,
  migrationMethod: null,
  migrationMaxDowntimeMs: null,
});

/** The storage template's disk that a document asks for; `diskMistakes` says whether its size is one. */
export const toDisk = (disk: NonNullable<ProfileDocument['disks']>[number]): NewDisk => ({
  diskId: disk.id,
  pool: disk.pool,
  size: disk.sizeGiB === undefined ? null : ((disk.sizeGiB * 1024) as MiB),
  filesystem: disk.filesystem ?? null,
  filesystemArgs: disk.filesystemArgs ?? [],
  mountpoint: disk.mountpoint ?? null,
  sourceVolume: disk.sourceVolume ?? null,
});
