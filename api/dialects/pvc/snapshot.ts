import type { ZodType } from 'zod';
import { SNAPSHOT_NAME, type Snapshot } from '../../../domain/snapshot.ts';
import { gibToMib } from '../../../domain/units.ts';
import type { Disk } from '../../../domain/volume.ts';
import type { Services } from '../../core/services.ts';
import { type Context, type Route, route } from '../../http/route.ts';
import { integer, optional } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { ACCEPTED, accepted, KEYED, keyOf, listOf, ok } from './answer.ts';
import { name } from './name.ts';

const SnapshotObject = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    state: z.enum(['pending', 'ready', 'removing', 'failed']),
    failed_reason: z.string().nullable(),
    created_at: z.string(),
    ready_at: z.string().nullable().openapi({ description: 'When the moment was kept.' }),
  })
  .openapi('Snapshot');

const DiskObject = z
  .object({ dev: z.string(), name: z.string(), size: z.int().openapi({ description: 'GB, multiples of 1024.' }) })
  .openapi('AddedDisk');

const toSnapshot = (snapshot: Snapshot): z.output<typeof SnapshotObject> => ({
  id: snapshot.id,
  name: snapshot.name,
  state: snapshot.state,
  failed_reason: snapshot.failedReason,
  created_at: new Date(snapshot.createdAt).toISOString(),
  ready_at: snapshot.readyAt === null ? null : new Date(snapshot.readyAt).toISOString(),
});

const MIB_PER_GIB = 1024;
const toDisk = ({ diskId, pool, name, size }: Disk): z.output<typeof DiskObject> => ({
  dev: diskId,
  name: `${pool}/${name}`,
  size: size / MIB_PER_GIB,
});

const snapshotName: ZodType<string> = name('Name of the snapshot, unique for the VM.').refine(
  (value) => SNAPSHOT_NAME.test(value),
  'must be 1 to 64 letters, digits, dots, hyphens and underscores.',
);
const vm = name('Name or UUID of the VM.');
const Reference = z.object({ vm });
/** By value, as later PVC has it, and by path. */
const Named = z.object({ vm, snapshot_name: name('Name or id of the snapshot.') });
const Placed = z.object({ vm, snapshot: name('Name or id of the snapshot.') });
const LARGEST_GIB = 2048;

const tag = 'vm';

/** Moments of running VMs, and disks for them. What is asked for queues: one at a time, in the order of asking. */
export function snapshotRoutes({ snapshots, disks }: Pick<Services, 'snapshots' | 'disks'>): readonly Route[] {
  const revert = (context: Context<unknown>, ref: string, snapshot: string) =>
    snapshots.revert(context.principal, ref, snapshot, keyOf(context)).then((task) => accepted(context, task));
  const remove = (context: Context<unknown>, ref: string, snapshot: string) =>
    snapshots.remove(context.principal, ref, snapshot, keyOf(context)).then((task) => accepted(context, task));
  const back = { tag, summary: 'Take a VM back to a snapshot', headers: KEYED, responses: ACCEPTED };
  const forget = { tag, summary: 'Remove a snapshot of a VM', headers: KEYED, responses: ACCEPTED };
  return [
    route(
      'get',
      '/vm/:vm/snapshot',
      { tag, summary: "List a VM's snapshots", values: Reference, responses: listOf(SnapshotObject) },
      async ({ values, principal }) => ok((await snapshots.list(principal, values.vm)).map(toSnapshot)),
    ),
    route(
      'post',
      '/vm/:vm/snapshot',
      {
        tag,
        summary: 'Snapshot a running VM, memory included',
        values: z.object({ vm, snapshot_name: optional(snapshotName) }),
        headers: KEYED,
        responses: ACCEPTED,
      },
      async (context) => {
        const { vm, snapshot_name } = context.values;
        const { snapshot, task } = await snapshots.create(context.principal, vm, snapshot_name, keyOf(context));
        return accepted(context, task, { snapshot_id: snapshot });
      },
    ),
    route('post', '/vm/:vm/snapshot/rollback', { ...back, values: Named }, async (context) =>
      revert(context, context.values.vm, context.values.snapshot_name),
    ),
    ...(['revert', 'rollback'] as const).map((word) =>
      route('post', `/vm/:vm/snapshot/:snapshot/${word}`, { ...back, values: Placed }, async (context) =>
        revert(context, context.values.vm, context.values.snapshot),
      ),
    ),
    route('delete', '/vm/:vm/snapshot', { ...forget, values: Named }, async (context) =>
      remove(context, context.values.vm, context.values.snapshot_name),
    ),
    route('delete', '/vm/:vm/snapshot/:snapshot', { ...forget, values: Placed }, async (context) =>
      remove(context, context.values.vm, context.values.snapshot),
    ),
    route(
      'get',
      '/vm/:vm/disk',
      { tag, summary: 'List the disks that a VM was given', values: Reference, responses: listOf(DiskObject) },
      async ({ values, principal }) => ok((await disks.added(principal, values.vm)).map(toDisk)),
    ),
    route(
      'post',
      '/vm/:vm/disk',
      {
        tag,
        summary: 'Give a VM one more disk, blank',
        values: z.object({ vm, size: integer('GB.', 1, LARGEST_GIB) }),
        headers: KEYED,
        responses: ACCEPTED,
      },
      async (context) => {
        const { vm, size } = context.values;
        return accepted(context, await disks.attach(context.principal, vm, gibToMib(size), keyOf(context)));
      },
    ),
  ];
}
