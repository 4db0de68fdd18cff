import type { StatsService } from '../../core/vm-pool/stats.ts';
import type { PoolFigures, PoolStatus } from '../../core/vm-pool/status.ts';
import { type Route, route } from '../../http/route.ts';
import { text } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { localTime } from './time.ts';

const Durations = z.object({ average: z.number(), min: z.number(), max: z.number(), total: z.number() });
const Today = z.object({ duration: Durations, count: z.object({ total: z.number() }) });
const Pool = z.object({
  ready: z.number(),
  running: z.number(),
  pending: z.number(),
  max: z.number(),
  lastBoot: z.string().openapi({ description: 'Empty if there was none.' }),
  alias: z.union([z.string(), z.array(z.string())]).optional(),
  state: z.enum(['ok', 'refilling', 'backing-off', 'given-up']).openapi({ description: 'Beyond vmpooler.' }),
  failures: z.number().optional().openapi({ description: 'In a row; beyond vmpooler, as what follows.' }),
  lastError: z.string().optional(),
  failedAt: z.string().optional(),
  retryAt: z.string().optional().openapi({ description: 'When the pool is refilled again.' }),
});
const Status = z
  .object({
    boot: Today.optional(),
    capacity: z.object({ current: z.number(), total: z.number(), percent: z.number() }).optional(),
    clone: Today.optional(),
    pools: z.record(z.string(), Pool).optional(),
    queue: z.record(z.string(), z.number()).optional(),
    status: z.object({
      ok: z.boolean(),
      message: z.string(),
      empty: z.array(z.string()).optional(),
      uptime: z.number().openapi({ description: "Seconds of this process's life." }),
    }),
  })
  .openapi('PoolerStatus');

const SECTIONS = ['boot', 'capacity', 'clone', 'pools', 'queue'] as const;

const Values = z.object({
  view: z
    .union([text(''), z.array(z.string())])
    .optional()
    .openapi({
      type: 'string',
      description: `Sections, by commas: ${SECTIONS.join(', ')}. \`status\` is always there.`,
    }),
});

const tag = 'status';

/** The state of the service, and short forms of it; open to anyone. `started` is the moment in epoch ms that uptime counts from. */
export function statusRoutes(stats: StatsService, started: number): readonly Route[] {
  const texts = statusTexts();
  return [
    route(
      'get',
      '/status',
      {
        ...{ tag, summary: 'Current state of the service', auth: 'none', values: Values },
        responses: { 200: { description: 'Also while pools are empty: see `status`.', schema: Status } },
      },
      async ({ values }) => {
        const uptime = Math.round((Date.now() - started) / 100) / 10;
        const body = texts(await stats.status(), sectionsOf(values.view), uptime);
        return { status: 200, type: 'application/json', text: body };
      },
    ),
    route(
      'get',
      '/poolstat',
      {
        ...{ tag, summary: 'Size and ready VMs of some pools', auth: 'none' },
        values: z.object({ pool: text('Names or aliases, by commas.').optional() }),
        responses: { 200: { description: 'Unknown names are left out.', schema: z.object({ pools: z.unknown() }) } },
      },
      async ({ values }) => {
        const pools = await stats.named((values.pool ?? '').split(','));
        const entry = ({ name, size, ready, aliases }: PoolFigures) => [
          name,
          { max: size, ...aliasOf(aliases), ready },
        ];
        return { status: 200, body: { pools: Object.fromEntries(pools.map(entry)) } };
      },
    ),
    route(
      'get',
      '/totalrunning',
      {
        ...{ tag, summary: 'How many VMs are checked out', auth: 'none' },
        responses: { 200: { description: 'Of all pools.', schema: z.object({ running: z.number() }) } },
      },
      async () => ({ status: 200, body: { running: (await stats.status()).queue.running } }),
    ),
  ];
}

type Section = (typeof SECTIONS)[number];

/** Without a view all; names that are none are passed over. */
function sectionsOf(view: string | readonly string[] | undefined): readonly Section[] {
  if (view === undefined) return SECTIONS;
  const asked = [view].flat().flatMap((one) => one.split(','));
  return SECTIONS.filter((section) => asked.includes(section));
}

/** Serialized statuses, kept for as long as the status is the same object: only the uptime differs from one answer to the next. */
function statusTexts() {
  const UPTIME = '"%uptime%"';
  const kept = new WeakMap<PoolStatus, Map<string, readonly [string, string]>>();
  return (status: PoolStatus, sections: readonly Section[], uptime: number): string => {
    const views = kept.get(status) ?? new Map<string, readonly [string, string]>();
    kept.set(status, views);
    const view = sections.join();
    let parts = views.get(view);
    if (parts === undefined) {
      const text = JSON.stringify(toStatus(status, sections), null, 2);
      // The last: a pool cannot be called so, but its last error might say it.
      const at = text.lastIndexOf(UPTIME);
      parts = [text.slice(0, at), text.slice(at + UPTIME.length)];
      views.set(view, parts);
    }
    return `${parts[0]}${uptime}${parts[1]}`;
  };
}

/** In the words and the order of vmpooler. */
function toStatus(status: PoolStatus, sections: readonly Section[]) {
  const { boot, capacity, clone, queue, empty } = status;
  const all = { boot, capacity, clone, pools: Object.fromEntries(status.pools.map(toPool)), queue };
  const ok = empty.length === 0;
  const message = ok ? 'Battle station fully armed and operational.' : `Found ${empty.length} empty pools.`;
  return {
    ...Object.fromEntries(sections.map((section) => [section, all[section]])),
    status: { ok, message, ...(ok ? {} : { empty }), uptime: '%uptime%' },
  };
}

function toPool({ name, ready, running, pending, size, ...pool }: PoolFigures) {
  const lastBoot = pool.lastReadyAt === null ? '' : localTime(pool.lastReadyAt);
  const { failures, lastError, failedAt, retryAt } = pool;
  const trouble = {
    failures,
    ...(lastError === null ? {} : { lastError }),
    ...(failedAt === null ? {} : { failedAt: localTime(failedAt) }),
    ...(retryAt === null ? {} : { retryAt: localTime(retryAt) }),
  };
  return [
    name,
    {
      ...{ ready, running, pending, max: size, lastBoot, ...aliasOf(pool.aliases), state: pool.condition },
      ...(failures > 0 ? trouble : {}),
    },
  ] as const;
}

/** One as a text, several as a list, as they stand in a configuration. */
const aliasOf = (aliases: readonly string[]) =>
  aliases.length === 0 ? {} : { alias: aliases.length === 1 ? aliases[0] : aliases };
