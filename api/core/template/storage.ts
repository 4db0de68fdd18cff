import { resolve } from 'node:path/posix';
import { exists, notFound, refuse } from '../../../domain/fault.ts';
import { DISK_ID } from '../../../domain/name.ts';
import type { Principal } from '../../../domain/principal.ts';
import { type StorageTemplate, type StorageTemplateDisk, VM_LIMITS } from '../../../domain/profile.ts';
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
import { boundMistakes, checkPartName, type Mistake, mustBeNew, mustBeUnused, mustExist } from './check.ts';

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
        if (disks.some((known) => known.diskId === disk.diskId)) throw exists('disk', disk.diskId, `${WHAT} '${name}'`);
        await insertDisk(tx, id, disk);
      });
    },
    removeDisk: async (who, name, diskId) => {
      mustAdminister(who);
      await store.write(async (tx) => {
        const { id } = await get(tx, name);
        if (!(await deleteDisk(tx, id, diskId))) throw notFound('disk', diskId, `${WHAT} '${name}'`);
      });
    },
  };
}

/** Null for what is not known, or not asked for. */
interface Placed {
  readonly diskId: string | null;
  readonly mountpoint: string | null;
}

/** Throws 'invalid' where two disks of a template would get into each other's way. */
export const checkTogether = (disks: readonly Placed[]): void => refuse(togetherMistakes(disks));

export function* togetherMistakes(disks: readonly Placed[]): Iterable<Mistake> {
  for (const id of twiceIn(disks.flatMap(({ diskId }) => diskId ?? [])))
    yield { field: 'disks', why: `there are two called '${id}'.` };
  const paths = disks.flatMap(({ mountpoint: path }) => (path === null ? [] : [resolve(path)]));
  for (const path of twiceIn(paths)) yield { field: 'mountpoint', why: `two disks are to be mounted at '${path}'.` };
}

const twiceIn = (texts: readonly string[]): ReadonlySet<string> =>
  new Set(texts.filter((text, index) => texts.indexOf(text) !== index));

/** Throws 'invalid' with the field. */
export const checkDisk = (disk: NewDisk): void => refuse(diskMistakes(disk));

export function* diskMistakes(disk: NewDisk): Iterable<Mistake> {
  const { diskId, pool, size, filesystem, filesystemArgs, mountpoint, sourceVolume } = disk;
  if (!DISK_ID.test(diskId)) yield { field: 'disk_id', why: `'${diskId}' is not like sda or vda.` };
  if (pool === '') yield { field: 'pool', why: 'is missing.' };
  if (sourceVolume !== null && (size !== null || filesystem !== null || mountpoint !== null))
    yield { field: 'source_volume', why: 'excludes disk_size, filesystem and mountpoint.' };
  const sized = { field: 'disk_size', lacks: ['disk_size', 'source_volume'] };
  if (sourceVolume === null && size === null) yield { ...sized, why: 'is needed without a source_volume.' };
  if (size !== null) yield* boundMistakes('disk_size', size / 1024, VM_LIMITS.diskGiB);
  if (filesystem !== null && !FILESYSTEM.test(filesystem))
    yield { field: 'filesystem', why: `'${filesystem}' is no name of a file system.` };
  const formatted = { why: 'needs a filesystem.', lacks: ['filesystem'] };
  // A clone has none, and is told so above.
  if (mountpoint !== null && filesystem === null && sourceVolume === null) yield { field: 'mountpoint', ...formatted };
  if (filesystem === null && filesystemArgs.length > 0) yield { field: 'filesystem_arg', ...formatted };
  for (const word of filesystemArgs)
    if (!/^\S+$/.test(word)) yield { field: 'filesystem_arg', why: `'${word}' is not one word, such as -L=root.` };
  if (mountpoint !== null && (!mountpoint.startsWith('/') || mountpoint.split('/').includes('..')))
    yield { field: 'mountpoint', why: `'${mountpoint}' is not an absolute path without '..'.` };
}
