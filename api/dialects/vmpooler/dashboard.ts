import Handlebars from 'handlebars';
import { notFound } from '../../../domain/fault.ts';
import type { Curves } from '../../core/vm-pool/history.ts';
import type { StatsService } from '../../core/vm-pool/stats.ts';
import { type Asset, assetsOf } from '../../http/assets.ts';
import type { ServerEvent } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import { flag, text } from '../../http/words.ts';
import { z } from '../../http/zod.ts';

const DIRECTORY = new URL('../../../templates/dashboard/', import.meta.url);

/** Nothing but what this server itself sends; no text of the page becomes a program. */
const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'self'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  // Asked for anew each time (304 if it is the same): the page and its programs have to be of one version.
  'Cache-Control': 'no-cache',
} as const;

const tag = 'dashboard';
const PAGE = { 200: { description: 'The page.', schema: z.string(), type: 'text/html' } } as const;

/** The page for the wall and what it reads, un-prefixed; open to anyone. */
export function dashboardRoutes(stats: StatsService): readonly Route[] {
  const assets = assetsOf(DIRECTORY);
  const page = Handlebars.compile(assets.get('index.html')?.text ?? '', { strict: true });
  return [
    route(
      'get',
      '/',
      {
        ...{ tag, summary: 'Leads to the dashboard', auth: 'none' },
        responses: { 302: { description: 'Always.', schema: z.string() } },
      },
      ({ mount }) => ({ status: 302, type: 'text/plain', text: '', headers: { Location: `${mount}/dashboard/` } }),
    ),
    route(
      'get',
      '/dashboard',
      { ...{ tag, summary: 'The dashboard', auth: 'none' }, responses: PAGE },
      async ({ mount }) => {
        const { siteName } = await stats.status();
        const html = page({ site: siteName, base: `${mount}/dashboard/` });
        return { status: 200, type: 'text/html', text: html, headers: PAGE_HEADERS };
      },
    ),
    route(
      'get',
      '/dashboard/events',
      {
        ...{ tag, summary: 'What the dashboard shows, as it changes', auth: 'none' },
        description:
          'Server-sent events `state`, `failures`, `days` and `curves`: each at once, then when it has changed.',
        responses: { 200: { description: 'Until the client goes.', schema: z.string(), type: 'text/event-stream' } },
      },
      ({ signal }) => ({ status: 200, events: eventsOf(stats, signal) }),
    ),
    ...historyRoutes(stats),
    route(
      'get',
      '/dashboard/:file',
      {
        ...{ tag, summary: "A part of the dashboard's page", auth: 'none' },
        values: z.object({ file: text('Its name.') }),
        responses: { 200: { description: 'It.', schema: z.string(), type: 'text/plain' } },
      },
      ({ values }) => ({ status: 200, ...partOf(assets, values.file), headers: PAGE_HEADERS }),
    ),
  ];
}

function partOf(assets: ReadonlyMap<string, Asset>, name: string): Asset {
  const asset = name === 'index.html' ? undefined : assets.get(name);
  if (asset === undefined) throw notFound('part of the dashboard', name);
  return asset;
}

async function* eventsOf(stats: StatsService, signal: AbortSignal): AsyncIterable<ServerEvent> {
  for await (const { part, value } of stats.watch(signal)) yield { event: part, data: value };
}

const History = z.object({ history: flag('With the last hour, minute by minute.').optional() });
const Figures = z.record(z.string(), z.record(z.string(), z.unknown()));

/** What vmpooler's own dashboard reads. */
const historyRoutes = (stats: StatsService): readonly Route[] => [
  route(
    'get',
    '/dashboard/stats/vmpooler/pool',
    {
      ...{ tag, summary: 'Size and ready VMs of every pool', auth: 'none', values: History },
      responses: { 200: { description: 'By pool.', schema: Figures } },
    },
    async ({ values }) => {
      const { pools } = await stats.status();
      const hour = values.history ? await stats.lastHour() : undefined;
      const body = pools.map(({ name, size, ready }) => [
        name,
        { size, ready, ...(hour ? { history: lineOf(hour, [name], 'ready') } : {}) },
      ]);
      return { status: 200, body: Object.fromEntries(body) };
    },
  ),
  route(
    'get',
    '/dashboard/stats/vmpooler/running',
    {
      ...{ tag, summary: 'Checked-out VMs by family', auth: 'none', values: History },
      description: "A family is the word before the first dash of a pool's name.",
      responses: { 200: { description: 'By family.', schema: Figures } },
    },
    async ({ values }) => {
      const families = await stats.families();
      const hour = values.history ? await stats.lastHour() : undefined;
      const body = Object.entries(families).map(([family, { running, pools }]) => [
        family,
        { running, ...(hour ? { history: lineOf(hour, pools, 'running') } : {}) },
      ]);
      return { status: 200, body: Object.fromEntries(body) };
    },
  ),
];

/** The sum of these pools, from the first minute that is known of any; a gap repeats what was before it. */
function lineOf({ pools }: Curves, names: readonly string[], key: 'ready' | 'running'): readonly number[] {
  const lines = names.flatMap((name) => (pools[name]?.[key] === undefined ? [] : [pools[name][key]]));
  const last = lines.map(() => 0);
  const sums: number[] = [];
  for (const minute of lines[0]?.keys() ?? []) {
    const values = lines.map((line) => line[minute] ?? null);
    if (sums.length === 0 && values.every((value) => value === null)) continue;
    for (const [index, value] of values.entries()) last[index] = value ?? last[index] ?? 0;
    sums.push(last.reduce((sum, value) => sum + value, 0));
  }
  return sums;
}
