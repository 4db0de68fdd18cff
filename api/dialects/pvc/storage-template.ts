import { notFound } from '../../../domain/fault.ts';
import { type StorageTemplate, VM_LIMITS } from '../../../domain/profile.ts';
import { gibToMib } from '../../../domain/units.ts';
import type { NewDisk, StorageTemplateService } from '../../core/template/storage.ts';
import { type Context, type Route, route } from '../../http/route.ts';
import { integer, optional, repeated, word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { CHANGED, changed, listOf, ok } from './answer.ts';
import { limit, name } from './name.ts';

const DiskObject = z
  .object({
    id: z.int(),
    storage_template: z.int(),
    pool: z.string(),
    disk_id: z.string(),
    disk_size_gb: z.number().nullable().openapi({ description: 'GiB.' }),
    mountpoint: z.string().nullable(),
    filesystem: z.string().nullable(),
    filesystem_args: z.string(),
    source_volume: z.string().nullable(),
  })
  .openapi('StorageTemplateDisk');

export const StorageTemplateObject = z
  .object({ id: z.int(), name: z.string(), disks: z.array(DiskObject) })
  .openapi('StorageTemplate');

const toDisks = ({ id, disks }: StorageTemplate): z.output<typeof DiskObject>[] =>
  disks.map((disk) => ({
    id: disk.id,
    storage_template: id,
    pool: disk.pool,
    disk_id: disk.diskId,
    disk_size_gb: disk.size === null ? null : disk.size / 1024,
    mountpoint: disk.mountpoint,
    filesystem: disk.filesystem,
    filesystem_args: disk.filesystemArgs.join(' '),
    source_volume: disk.sourceVolume,
  }));

export const toStorageTemplate = (template: StorageTemplate): z.output<typeof StorageTemplateObject> => ({
  id: template.id,
  name: template.name,
  disks: toDisks(template),
});

const Named = z.object({ name: name('Name of the template.') });
const Disk = Named.extend({ disk_id: name('sda, sdb and so on (SCSI) or vda, vdb (virtio).') });
const NewDiskValues = Disk.extend({
  pool: name('Storage pool.'),
  source_volume: optional(name('Volume of the pool to clone; excludes size, filesystem and mountpoint.')),
  disk_size: optional(integer('Size in GB of 2^30 bytes.', ...VM_LIMITS.diskGiB)),
  filesystem: optional(word('Filesystem to make on it.')),
  filesystem_arg: repeated('Argument to mkfs as --opt=val; repeatable.', word('Argument.')).optional(),
  mountpoint: optional(word('Where it is mounted while the install script runs; needs a filesystem.')),
});

/** Quotes are a shell's, left over inside double quotes as in the manual's own example. */
const bare = (arg: string): string => /^'(.*)'$/s.exec(arg)?.[1] ?? arg;

const fromDisk = (values: z.output<typeof NewDiskValues>): NewDisk => ({
  diskId: values.disk_id,
  pool: values.pool,
  size: values.disk_size === undefined ? null : gibToMib(values.disk_size),
  filesystem: values.filesystem ?? null,
  filesystemArgs: (values.filesystem_arg ?? []).map(bare),
  mountpoint: values.mountpoint ?? null,
  sourceVolume: values.source_volume ?? null,
});

const tag = 'provisioner / template';
const COLLECTION = '/provisioner/template/storage';
const ELEMENT = `${COLLECTION}/:name`;
const DISKS = `${ELEMENT}/disk`;
const DISK = `${DISKS}/:disk_id`;

/** Storage templates: the disks of a VM, and what is put on them. */
export const storageTemplateRoutes = (templates: StorageTemplateService): readonly Route[] => [
  ...elements(templates),
  ...disks(templates),
];

function elements(templates: StorageTemplateService): readonly Route[] {
  const create = async ({ values, principal }: Context<z.output<typeof Named>>) => {
    await templates.createStorage(principal, values.name);
    return changed(`Added storage template '${values.name}'.`, values.name);
  };
  return [
    route(
      'get',
      COLLECTION,
      {
        tag,
        summary: 'List storage templates',
        values: z.object({ limit: optional(limit('name')) }),
        responses: listOf(StorageTemplateObject),
      },
      async ({ values, principal }) =>
        ok((await templates.listStorage(principal, values.limit)).map(toStorageTemplate)),
    ),
    ...[COLLECTION, ELEMENT].map((path) =>
      route('post', path, { tag, summary: 'Create a storage template', values: Named, responses: CHANGED }, create),
    ),
    route(
      'get',
      ELEMENT,
      { tag, summary: 'Show a storage template', values: Named, responses: listOf(StorageTemplateObject) },
      async ({ values, principal }) => ok([toStorageTemplate(await templates.getStorage(principal, values.name))]),
    ),
    route(
      'delete',
      ELEMENT,
      { tag, summary: 'Remove a storage template', values: Named, responses: CHANGED },
      async ({ values, principal }) => {
        await templates.removeStorage(principal, values.name);
        return changed(`Removed storage template '${values.name}'.`, values.name);
      },
    ),
  ];
}

function disks(templates: StorageTemplateService): readonly Route[] {
  const add = async ({ values, principal }: Context<z.output<typeof NewDiskValues>>) => {
    await templates.addDisk(principal, values.name, fromDisk(values));
    const { name, disk_id } = values;
    return changed(`Added disk '${disk_id}' to storage template '${name}'.`, name, { disk_id });
  };
  const remove = async ({ values, principal }: Context<z.output<typeof Disk>>) => {
    const { name, disk_id } = values;
    await templates.removeDisk(principal, name, disk_id);
    return changed(`Removed disk '${disk_id}' from storage template '${name}'.`, name, { disk_id });
  };
  return [
    route(
      'get',
      DISKS,
      {
        tag,
        summary: 'List the disks of a storage template',
        values: Named.extend({ limit: optional(limit('disk_id')) }),
        responses: listOf(DiskObject),
      },
      async ({ values, principal }) => ok(toDisks(await templates.listDisks(principal, values.name, values.limit))),
    ),
    route(
      'get',
      DISK,
      { tag, summary: 'Show a disk of a storage template', values: Disk, responses: listOf(DiskObject) },
      async ({ values, principal }) => {
        const disk = toDisks(await templates.getStorage(principal, values.name)).find(
          ({ disk_id }) => disk_id === values.disk_id,
        );
        if (disk === undefined) throw notFound('disk', values.disk_id, `storage template '${values.name}'`);
        return ok([disk]);
      },
    ),
    ...[DISKS, DISK].flatMap((path) => [
      route(
        'post',
        path,
        { tag, summary: 'Add a disk to a storage template', values: NewDiskValues, responses: CHANGED },
        add,
      ),
      route(
        'delete',
        path,
        { tag, summary: 'Remove a disk from a storage template', values: Disk, responses: CHANGED },
        remove,
      ),
    ]),
  ];
}
