import { resolve } from 'node:path/posix';
import { exists, invalid, notFound } from '../../../domain/fault.ts';
import { DISK_ID } from '../../../domain/name.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { StorageTemplate, StorageTemplateDisk } from '../../../domain/profile.ts';
import type { Db, Store } from '../../../store/open.ts';
import {
  deleteDisk,
  deleteStorageTemplate,
  findStorageTemplate,
  insertDisk,
  insertStorageTemplate,
  listDisks,
  listStorageTemplates,
} from '../../../store/storage-template.ts';
import { mustAdminister } from '../authorize.ts';
import type { NameLimit } from '../name-limit.ts';
import { checkPartName, mustBeNew, mustBeUnused, mustExist } from './check.ts';

const WHAT = 'storage template';
/** The names of mkfs programs: never a path. */
const FILESYSTEM = /^[a-z0-9][a-z0-9.+-]*$/;

export type NewDisk = Omit<StorageTemplateDisk, 'id'>;

/** Lists are sorted by name. `get` throws not-found, `create` exists, `remove` conflict naming the profiles that use it. */
export interface StorageTemplateService {
  listStorage(who: Principal, limit?: NameLimit): Promise<readonly StorageTemplate[]>;
  getStorage(who: Principal, name: string): Promise<StorageTemplate>;
  createStorage(who: Principal, name: string): Promise<void>;
  removeStorage(who: Principal, name: string): Promise<void>;
  /** The template with only those of its disks whose device name matches. */
  listDisks(who: Principal, template: string, limit?: NameLimit): Promise<StorageTemplate>;
  /** 'invalid' for: a mountpoint without filesystem; a source volume with size, filesystem or mountpoint; neither size nor source. */
  addDisk(who: Principal, template: string, disk: NewDisk): Promise<void>;
  removeDisk(who: Principal, template: string, diskId: string): Promise<void>;
}

/** Templates of a guest's disks. */
export function storageTemplates(store: Store): StorageTemplateService {
  const get = async (db: Db, name: string) => mustExist(WHAT, name, await findStorageTemplate(db, name));
  return {
    listStorage: (_who, limit) => listStorageTemplates(store.read, limit),
    getStorage: (_who, name) => get(store.read, name),
    createStorage: async (who, name) => {
      mustAdminister(who);
      checkPartName(name);
      await store.write(async (tx) => {
        mustBeNew(WHAT, name, await findStorageTemplate(tx, name));
        await insertStorageTemplate(tx, name);
      });
    },
    removeStorage: async (who, name) => {
      mustAdminister(who);
      await store.write(async (tx) => {
        const { id } = await get(tx, name);
        await mustBeUnused(tx, WHAT, name, 'storage', id);
        await deleteStorageTemplate(tx, id);
      });
    },
    listDisks: async (_who, name, limit) => {
      const template = await get(store.read, name);
      return { ...template, disks: await listDisks(store.read, template.id, limit) };
    },
    addDisk: async (who, name, disk) => {
      mustAdminister(who);
      checkDisk(disk);
      await store.write(async (tx) => {
        const { id, disks } = await get(tx, name);
        if (disks.some((known) => known.diskId === disk.diskId)) throw exists(`disk of '${name}'`, disk.diskId);
        await insertDisk(tx, id, disk);
      });
    },
    removeDisk: async (who, name, diskId) => {
      mustAdminister(who);
      await store.write(async (tx) => {
        const { id } = await get(tx, name);
        if (!(await deleteDisk(tx, id, diskId))) throw notFound(`disk of '${name}'`, diskId);
      });
    },
  };
}

/** Throws 'invalid' where two disks of a template would get into each other's way. */
export function checkTogether(disks: readonly Pick<NewDisk, 'diskId' | 'mountpoint'>[]): void {
  const id = twiceIn(disks.map(({ diskId }) => diskId));
  if (id !== undefined) throw invalid('disks', `there are two called '${id}'.`);
  const mountpoint = twiceIn(disks.flatMap(({ mountpoint: path }) => (path === null ? [] : [resolve(path)])));
  if (mountpoint !== undefined) throw invalid('mountpoint', `two disks are to be mounted at '${mountpoint}'.`);
}

const twiceIn = (texts: readonly string[]): string | undefined =>
  texts.find((text, index) => texts.indexOf(text) !== index);

/** Throws 'invalid' with the field. */
export function checkDisk(disk: NewDisk): void {
  const { diskId, pool, size, filesystem, filesystemArgs, mountpoint, sourceVolume } = disk;
  if (!DISK_ID.test(diskId)) throw invalid('disk_id', `'${diskId}' is not like sda or vda.`);
  if (pool === '') throw invalid('pool', 'is missing.');
  if (sourceVolume !== null && (size !== null || filesystem !== null || mountpoint !== null))
    throw invalid('source_volume', 'excludes disk_size, filesystem and mountpoint.');
  if (sourceVolume === null && size === null) throw invalid('disk_size', 'is needed without a source_volume.');
  if (size !== null && (!Number.isSafeInteger(size) || size < 1)) throw invalid('disk_size', 'must be positive.');
  if (filesystem !== null && !FILESYSTEM.test(filesystem))
    throw invalid('filesystem', `'${filesystem}' is no name of a file system.`);
  if (mountpoint !== null && filesystem === null) throw invalid('mountpoint', 'needs a filesystem.');
  if (filesystem === null && filesystemArgs.length > 0) throw invalid('filesystem_arg', 'needs a filesystem.');
  if (mountpoint !== null && (!mountpoint.startsWith('/') || mountpoint.split('/').includes('..')))
    throw invalid('mountpoint', `'${mountpoint}' is not an absolute path without '..'.`);
}
