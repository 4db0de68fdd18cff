import { POOL_CONDITIONS } from '../../../domain/pool-stats.ts';
import { POOL_LIMITS } from '../../../domain/vm-pool.ts';
import type { ImportService } from '../../core/vm-pool/import.ts';
import type { PoolDetail, PoolService } from '../../core/vm-pool/pool.ts';
import { type Route, route } from '../../http/route.ts';
import { clearable, integer, optional, repeated, text, word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { CHANGED, changed, listOf, objectOf, ok } from './answer.ts';
import { scriptArguments } from './arguments.ts';
import { name } from './name.ts';
import { either } from './synonym.ts';

const PoolObject = z
  .object({
    name: z.string(),
    template: z.string().openapi({ description: 'What pool answers show.' }),
    profile: z.string().openapi({ description: 'Provisioner profile that its VMs are made from.' }),
    arguments: z.array(z.string()),
    size: z.int().openapi({ description: 'VMs that are to be ready.' }),
    ready: z.int(),
    pending: z.int().openapi({ description: 'On their way.' }),
    running: z.int().openapi({ description: 'Checked out.' }),
    alias: z.array(z.string()),
    clone_target: z.string().nullable(),
    timeout: z.int().nullable().openapi({ description: 'Minutes; null for the setting of all pools, as all below.' }),
    ready_ttl: z.int().nullable().openapi({ description: 'Minutes; 0 for ever.' }),
    max_clones: z.int().nullable(),
    lifetime: z.int().nullable().openapi({ description: 'Hours from checkout.' }),
    max_lifetime: z.int().nullable().openapi({ description: 'Hours.' }),
    probe_port: z.int().nullable().openapi({ description: 'TCP port that a VM answers on when it is ready.' }),
    state: z
      .enum(POOL_CONDITIONS)
      .openapi({ description: 'What keeps it from being full, as in /status of vmpooler.' }),
    failures: z.int().openapi({ description: 'Failures since the last success.' }),
    last_error: z.string().nullable(),
    retry_at: z.string().nullable().openapi({ description: 'Until then no VM is begun.' }),
    halted: z.boolean().openapi({ description: 'Given up until the pool is changed or reset.' }),
  })
  .openapi('VmPool');

const toPool = (pool: PoolDetail): z.output<typeof PoolObject> => ({
  name: pool.name,
  template: pool.template,
  profile: pool.profile,
  arguments: [...pool.args],
  size: pool.size,
  ready: pool.ready,
  pending: pool.pending,
  running: pool.running,
  alias: [...pool.aliases],
  clone_target: pool.cloneTarget,
  timeout: pool.timeoutMin,
  ready_ttl: pool.readyTtlMin,
  max_clones: pool.maxClones,
  lifetime: pool.lifetimeHours,
  max_lifetime: pool.maxLifetimeHours,
  probe_port: pool.probePort,
  state: pool.condition,
  failures: pool.failures,
  last_error: pool.lastError,
  retry_at: pool.retryAt === null ? null : new Date(pool.retryAt).toISOString(),
  halted: pool.halted,
});

const size = integer('VMs that are to be ready.', ...POOL_LIMITS.size);
const template = word('What pool answers show; the profile unless told.');
const Named = z.object({ name: name('Name of the VM pool.') });
const Change = Named.extend({
  template: template.optional(),
  profile: name('Provisioner profile that its VMs are made from.').optional(),
  arg: scriptArguments('Argument to the profile as name=value; repeatable.').optional(),
  arguments: scriptArguments('The same, as GET names them.').optional(),
  size: size.optional(),
  alias: repeated('Another name that it is asked by; repeatable; an empty one: none.', text('Alias.')).optional(),
  clone_target: clearable(word('Where its weight among the pools of an alias is looked up.')),
  timeout: clearable(integer('Minutes after which a VM that is not ready has failed.', ...POOL_LIMITS.timeoutMin)),
  ready_ttl: clearable(
    integer('Minutes that a VM stays ready before it is replaced; 0 for ever.', ...POOL_LIMITS.readyTtlMin),
  ),
  max_clones: clearable(integer('Clones at a time.', ...POOL_LIMITS.maxClones)),
  lifetime: clearable(integer('Hours from checkout.', ...POOL_LIMITS.lifetimeHours)),
  max_lifetime: clearable(integer('Hours that a lifetime has to stay below.', ...POOL_LIMITS.maxLifetimeHours)),
  probe_port: clearable(integer('TCP port that a VM has to answer on to be ready.', ...POOL_LIMITS.probePort)),
});
type ChangeValues = z.output<typeof Change>;

/** What GET tells of a pool besides: PUT takes it back as it was shown, and changes nothing by it. */
const SHOWN = ['ready', 'pending', 'running', 'state', 'failures', 'last_error', 'retry_at', 'halted'] as const;
const shown = z.unknown().optional().openapi({ readOnly: true, description: 'As GET shows it: changes nothing.' });
const Shown = Object.fromEntries(SHOWN.map((key) => [key, shown])) as Readonly<
  Record<(typeof SHOWN)[number], typeof shown>
>;
const New = Change.extend({ profile: name('Provisioner profile.'), size, template: optional(template) });

/** Fields by their names in the core, where they were given. */
function fromChange(values: ChangeValues) {
  const given = {
    ...{
      template: values.template,
      profile: values.profile,
      args: either(values, 'arg', 'arguments'),
      size: values.size,
    },
    ...{
      aliases: values.alias?.filter((alias) => alias !== ''),
      cloneTarget: values.clone_target,
      timeoutMin: values.timeout,
    },
    ...{ readyTtlMin: values.ready_ttl, maxClones: values.max_clones, lifetimeHours: values.lifetime },
    ...{ maxLifetimeHours: values.max_lifetime, probePort: values.probe_port },
  };
  type Given = { [Key in keyof typeof given]?: Exclude<(typeof given)[Key], undefined> };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Given;
}

const NOTHING = {
  ...{ args: [], aliases: [], cloneTarget: null, timeoutMin: null, readyTtlMin: null, maxClones: null },
  ...{ lifetimeHours: null, maxLifetimeHours: null, probePort: null },
};

const ImportReport = z
  .object({
    pools: z.array(
      z.object({
        name: z.string(),
        done: z.enum(['created', 'changed', 'unchanged']),
        profile: z.string(),
        because: z.string(),
      }),
    ),
    settings: z.array(z.string()).openapi({ description: 'Settings of all pools that the file has.' }),
    ignored: z.array(z.string()).openapi({ description: 'Keys of the file that mean nothing here.' }),
  })
  .openapi('PoolImportReport');

/** Of all routes: a name that is misspelt would change nothing without a word. */
const POOLS = { tag: 'VM pool', unknown: 'refused' } as const;
const ELEMENT = '/pool/:name';

/** VM pools: VMs that are ready before anybody asks (beyond PVC). */
export const poolRoutes = (pools: PoolService & ImportService): readonly Route[] => [
  route('get', '/pool', { ...POOLS, summary: 'List VM pools', responses: listOf(PoolObject) }, async () =>
    ok((await pools.list()).map(toPool)),
  ),
  ...['/pool', ELEMENT].map((path) =>
    route('post', path, { ...POOLS, summary: 'Create a VM pool', values: New, responses: CHANGED }, async (context) => {
      const { values, principal } = context;
      const template = values.template ?? values.profile;
      await pools.create(principal, { ...NOTHING, ...fromChange(values), ...nameAnd(values), template });
      return changed(`Created VM pool '${values.name}'.`, values.name);
    }),
  ),
  route(
    'get',
    ELEMENT,
    { ...POOLS, summary: 'Show a VM pool', values: Named, responses: listOf(PoolObject) },
    async ({ values }) => ok([toPool(await pools.get(values.name))]),
  ),
  route(
    'put',
    ELEMENT,
    {
      ...POOLS,
      summary: 'Change a VM pool',
      description:
        'What its VMs are made of changes for those that are not checked out, too: they are replaced. Its name cannot be changed.',
      values: Change.extend(Shown),
      nulls: 'kept',
      responses: CHANGED,
    },
    async ({ values, principal }) => {
      await pools.update(principal, values.name, fromChange(values));
      return changed(`Changed VM pool '${values.name}'.`, values.name);
    },
  ),
  route(
    'delete',
    ELEMENT,
    {
      ...POOLS,
      summary: 'Remove a VM pool',
      description: 'VMs that are checked out live on until their lifetime is over.',
      values: Named,
      responses: CHANGED,
    },
    async ({ values, principal }) => {
      await pools.remove(principal, values.name);
      return changed(`Removed VM pool '${values.name}'.`, values.name);
    },
  ),
  route(
    'post',
    `${ELEMENT}/reset`,
    { ...POOLS, summary: 'Replace the VMs of a pool that are not checked out', values: Named, responses: CHANGED },
    async ({ values, principal }) => {
      await pools.reset(principal, [values.name]);
      return changed(`Reset VM pool '${values.name}'.`, values.name);
    },
  ),
  route(
    'post',
    '/pool-import',
    {
      ...POOLS,
      summary: 'Make pools and settings what a vmpooler.yaml says',
      values: z.object({ file: text('Text of the file.') }),
      responses: objectOf(ImportReport),
    },
    async ({ values, principal }) => ok(await pools.import(principal, values.file)),
  ),
];

const nameAnd = ({ name: own, profile, size }: z.output<typeof New>) => ({ name: own, profile, size });
