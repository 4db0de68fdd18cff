import { HOUR_MS, type PoolSettings } from '../../../domain/vm-pool.ts';
import type { Services } from '../../core/services.ts';
import type { EntryDetail } from '../../core/vm-pool/entry.ts';
import type { Route } from '../../http/route.ts';
import { z } from '../../http/zod.ts';
import { documentOf, givesFullNames, keyed, notOk, OK, ok } from './answer.ts';
import { askerOf } from './asker.ts';
import { fullName, hostname, shortName } from './name.ts';
import { at, MAYBE_TOKEN, TOKEN } from './route.ts';
import { diskText, snapshotsOf } from './snapshot.ts';
import { hours, offsetTime } from './time.ts';
import { wishOf } from './vm-wish.ts';

const Vm = z
  .object({
    template: z.string().openapi({ description: 'Its pool.' }),
    lifetime: z.number().openapi({ description: 'Hours from checkout.' }),
    state: z.enum(['pending', 'ready', 'running', 'destroyed']),
    running: z.number().optional().openapi({ description: 'Hours since checkout, or from it to the end.' }),
    remaining: z.number().optional().openapi({ description: 'Hours left.' }),
    start_time: z.string().optional(),
    end_time: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
    disk: z
      .array(z.string())
      .optional()
      .openapi({ description: 'Added ones.', example: ['+8gb'] }),
    snapshots: z.array(z.string()).optional().openapi({ description: 'Those that are ready.' }),
    snapshots_pending: z.array(z.string()).optional(),
    snapshots_removing: z.array(z.string()).optional(),
    snapshots_failed: z.record(z.string(), z.string()).optional().openapi({ description: 'With the reason.' }),
    snapshot_names: z.record(z.string(), z.string()).optional(),
    ip: z.string(),
    host: z.string().optional().openapi({ description: 'The node that it runs on.' }),
    domain: z.string().optional(),
    fqdn: z.string().optional().openapi({ description: 'Instead of domain, in the second version.' }),
  })
  .openapi('Vm');

const Change = z
  .object({
    lifetime: z.union([z.number(), z.string()]).optional().openapi({ description: 'Hours from checkout.' }),
    tags: z.record(z.string(), z.string()).optional().openapi({ description: 'Added to those that it has.' }),
    disk: z.union([z.number(), z.string()]).optional().openapi({ description: 'GB of a disk to be added.' }),
  })
  .openapi('VmChange');

const One = z.object({ hostname });
const tag = 'VMs';

/** VMs of pools, by their names. */
export const vmRoutes = ({
  pools,
  poolVms,
  accounts,
}: Pick<Services, 'pools' | 'poolVms' | 'accounts'>): readonly Route[] => [
  at(
    'get',
    '/vm',
    {
      tag,
      summary: 'List the pools',
      responses: { 200: { description: 'Their names.', schema: z.array(z.string()) } },
    },
    async () => ({ status: 200, body: (await pools.list()).map(({ name }) => name) }),
  ),
  at(
    'get',
    '/vm/:hostname',
    { tag, summary: 'Show a VM', values: One, responses: keyed('By the name asked for.', Vm) },
    async ({ values, mount }) => {
      const vm = await poolVms.get(shortName(values.hostname));
      const named = givesFullNames({ mount }) ? fullDomain : topDomain;
      const settings = await pools.settings();
      return ok({ [values.hostname]: { ...toVm(vm, Date.now()), ...named(vm, settings) } });
    },
  ),
  at(
    'put',
    '/vm/:hostname',
    { tag, auth: TOKEN, summary: 'Change a VM', values: One, document: Change, responses: OK },
    async (context) => {
      const name = shortName(context.values.hostname);
      // Whatever else is wrong, an unknown VM is 404.
      await poolVms.get(name);
      const problems = await poolVms.change(await askerOf(accounts, context), name, wishOf(documentOf(context)));
      return problems.length === 0 ? ok() : notOk(400, problems.join(' '), { failure: problems });
    },
  ),
  at(
    'delete',
    '/vm/:hostname',
    {
      ...{ tag, auth: MAYBE_TOKEN, summary: 'Give a checked-out VM back', values: One, responses: OK },
      description: 'A token is needed for those that were checked out with one.',
    },
    async (context) => {
      await poolVms.release(await askerOf(accounts, context), shortName(context.values.hostname));
      return ok();
    },
  ),
];

const topDomain = (_vm: EntryDetail, { domain }: PoolSettings) => (domain === null ? {} : { domain });
const fullDomain = ({ name }: EntryDetail, { domain }: PoolSettings) => ({ fqdn: fullName(name, domain) });

function toVm(vm: EntryDetail, now: number): Readonly<Record<string, unknown>> {
  const { pool, hours: lifetime, checkedOutAt, destroyedAt, expiresAt, tags, ip, node } = vm;
  const until = destroyedAt ?? now;
  return {
    template: pool,
    lifetime,
    ...(checkedOutAt === null ? {} : { running: hours(until - checkedOutAt) }),
    state: stateOf(vm),
    ...(vm.state !== 'running' || checkedOutAt === null
      ? {}
      : times(checkedOutAt, expiresAt ?? checkedOutAt + lifetime * HOUR_MS, now)),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...snapshotsOf(vm),
    ...(vm.added.length === 0 ? {} : { disk: vm.added.map(({ size }) => diskText(size / 1_024)) }),
    ip: ip ?? '',
    ...(node === null ? {} : { host: node }),
  };
}

const times = (start: number, end: number, now: number) => ({
  remaining: Math.max(0, hours(end - now)),
  start_time: offsetTime(start),
  end_time: offsetTime(end),
});

/** vmpooler tells by the stamps: what is to be deleted is what it was before, until it is gone. */
const stateOf = ({ state, checkedOutAt, readyAt }: EntryDetail): string => {
  if (state !== 'completed') return state;
  if (checkedOutAt !== null) return 'running';
  return readyAt === null ? 'pending' : 'ready';
};
