import { principalOf } from '../../../domain/borrower.ts';
import { DomainError, type Mistake, notFound } from '../../../domain/fault.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { VmPool } from '../../../domain/vm-pool.ts';
import type { Services } from '../../core/services.ts';
import type { Override } from '../../core/vm-pool/pool.ts';
import { settingValues } from '../../core/vm-pool/setting-keys.ts';
import type { Reply } from '../../http/reply.ts';
import type { Answer, Context, Route } from '../../http/route.ts';
import { word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { notOk, Ok, objectOf, ok } from './answer.ts';
import { holderOf } from './asker.ts';
import { countOf } from './checkout.ts';
import { at, TOKEN } from './route.ts';

type Config = Pick<Services, 'pools' | 'accounts'>;

/** One value of pools that can be changed at run time. */
interface Setting {
  readonly key: keyof Override;
  /** Under `/config`, and in answers about it. */
  readonly path: string;
  readonly word: string;
  /** What a refusal calls the pools at fault. */
  readonly refused: string;
  readonly summary: string;
  /** What a value has to be. */
  readonly must: string;
  /** Undefined for what is no such value. */
  readonly read: (value: unknown) => Override | undefined;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const SETTINGS: readonly Setting[] = [
  {
    ...{ key: 'size', path: 'poolsize', word: 'pool_size', refused: 'not_configured', summary: 'sizes' },
    must: 'must be a whole number.',
    read: (value) => ({ size: countOf(value) }),
  },
  {
    ...{ key: 'template', path: 'pooltemplate', word: 'template', refused: 'bad_templates', summary: 'templates' },
    must: 'must be a text with a slash inside, like templates/debian-12.',
    read: (value) => {
      const template = text(value);
      return template !== undefined && /^[^/].*\/.*[^/]$/.test(template) ? { template } : undefined;
    },
  },
  {
    ...{
      key: 'cloneTarget',
      path: 'clonetarget',
      word: 'clone_target',
      refused: 'bad_templates',
      summary: 'clone targets',
    },
    must: 'must be a text that is not empty.',
    read: (value) => {
      const cloneTarget = text(value);
      return cloneTarget === undefined ? undefined : { cloneTarget };
    },
  },
];

const Values = z.record(z.string(), z.union([z.string(), z.number()])).openapi({ description: 'By pool.' });
const CHANGED: Readonly<Record<number, Answer>> = {
  200: { description: 'It was so already.', schema: Ok },
  201: { description: 'Changed.', schema: Ok },
};
const tag = 'configuration';

/** Pools, changed while they are used; administrators may, where people are known. */
export const configRoutes = (services: Config): readonly Route[] => [
  ...SETTINGS.flatMap((setting) => settingRoutes(services, setting)),
  at(
    'post',
    '/poolreset',
    {
      ...{ tag, auth: TOKEN, summary: 'Replace all VMs of pools that are not checked out', document: Values },
      responses: { 201: { description: 'Begun.', schema: Ok } },
    },
    (context) =>
      changing(services, context, async (who, document) => {
        const known = new Set((await services.pools.list()).map(({ name }) => name));
        const names = Object.keys(document);
        const bad = names.filter((name) => !known.has(name));
        const unknown = bad.map((name) => ({ field: name, why: 'there is no such VM pool.' }));
        if (bad.length > 0) return refusal('bad_pools', unknown);
        await services.pools.reset(who, names);
        return ok({}, 201);
      }),
  ),
  at(
    'get',
    '/config',
    {
      tag,
      summary: 'Show the pools',
      responses: { 200: { description: 'All of them.', schema: z.object({}).loose() } },
    },
    async () => {
      const pools = await services.pools.list();
      if (pools.length === 0) throw notFound('VM pool', 'configured');
      return { status: 200, body: { pool_configuration: pools.map(toPool), status: { ok: true } } };
    },
  ),
  at(
    'get',
    '/full_config',
    {
      ...{ tag, auth: TOKEN, summary: 'Show pools and settings, to administrators' },
      responses: { 200: { description: 'All of them.', schema: z.object({}).loose() } },
    },
    async (context) => {
      mustBeAdmin(principalOf(await holderOf(services.accounts, context)));
      const [pools, settings] = [await services.pools.list(), await services.pools.settings()];
      const config = settingValues(settings);
      return { status: 200, body: { full_config: { config, pools: pools.map(toPool) }, status: { ok: true } } };
    },
  ),
];

function settingRoutes(services: Config, setting: Setting): readonly Route[] {
  const { key, path, word: named, refused, summary, must, read } = setting;
  const change = at(
    'post',
    `/config/${path}`,
    { tag, auth: TOKEN, summary: `Override ${summary}`, document: Values, responses: CHANGED },
    (context) =>
      changing(services, context, async (who, document) => {
        const values = Object.entries(document);
        const changes = values.map(([name, value]) => ({ name, change: read(value) ?? { unread: must } }));
        const done = await services.pools.override(who, changes);
        return 'refused' in done ? refusal(refused, done.refused) : ok({}, done.changed ? 201 : 200);
      }),
  );
  // vmpooler has none for clone targets.
  if (key === 'cloneTarget') return [change];
  const reset = at(
    'delete',
    `/config/${path}/:pool`,
    {
      ...{ tag, auth: TOKEN, summary: `Take an override of ${summary} back`, responses: CHANGED },
      values: z.object({ pool: word('Name of the pool.') }),
    },
    async (context) => {
      const who = await holderOf(services.accounts, context);
      if (!(await services.pools.settings()).experimental) return FIXED;
      const { was, is } = await services.pools.restore(principalOf(who), context.values.pool, key);
      const body = { [`${named}_before_reset`]: was, [`${named}_before_overrides`]: is };
      return ok(body, was === is ? 200 : 201);
    },
  );
  return [change, reset];
}

const FIXED = notOk(405, 'experimental_features is off: pools are not to be changed at run time.');

/** The pools at fault, and in the header what is wrong with each. */
const refusal = (key: string, mistakes: readonly Mistake[]): Reply =>
  notOk(400, mistakes.map(({ field, why }) => `${field}: ${why}`).join(' '), {
    [key]: mistakes.map(({ field }) => field),
  });

async function changing(
  { pools, accounts }: Config,
  context: Context<unknown>,
  work: (who: Principal, document: Readonly<Record<string, unknown>>) => Promise<Reply>,
): Promise<Reply> {
  if (!(await pools.settings()).experimental) return FIXED;
  const who = principalOf(await holderOf(accounts, context));
  const document = objectOf(context);
  if (document === undefined) throw notFound('VM pool', 'null');
  return work(who, document);
}

function mustBeAdmin({ role }: Principal): void {
  if (role !== 'admin') throw new DomainError({ kind: 'forbidden', why: 'Only administrators may see this.' });
}

const toPool = ({ name, template, size, aliases, cloneTarget, timeoutMin, readyTtlMin, profile }: VmPool) => ({
  ...{ name, template, size, profile, template_ready: true },
  ...(aliases.length === 0 ? {} : { alias: aliases }),
  ...(cloneTarget === null ? {} : { clone_target: cloneTarget }),
  ...(timeoutMin === null ? {} : { timeout: timeoutMin }),
  ...(readyTtlMin === null ? {} : { ready_ttl: readyTtlMin }),
});
