import { notFound } from '../../../domain/fault.ts';
import type { StatsService } from '../../core/vm-pool/stats.ts';
import type { DayFigures, SpanFigures, Summary } from '../../core/vm-pool/summary.ts';
import { type Route, route } from '../../http/route.ts';
import { text } from '../../http/words.ts';
import { z } from '../../http/zod.ts';

const Duration = z.object({ average: z.number(), min: z.number(), max: z.number(), total: z.number() });
const Section = z.object({
  duration: Duration.extend({ pool: z.record(z.string(), Duration).optional() }),
  count: z.object({ total: z.number() }).loose(),
});
const Tags = z.record(z.string(), z.record(z.string(), z.number()));
const Answered = z
  .object({
    boot: Section,
    clone: Section,
    tag: Tags,
    daily: z.array(z.object({ date: z.string(), boot: Section, clone: Section, tag: Tags })),
  })
  .openapi('PoolerSummary');

const day = (which: string) => text(`${which} day, YYYY-MM-DD; today without.`).optional();
const Range = z.object({ from: day('First'), to: day('Last') });

const tag = 'status';
const SECTIONS = ['boot', 'clone', 'tag'] as const;
type Name = (typeof SECTIONS)[number];

/** Reports over days; open to anyone. Both ends are included, and one that is left out is today, also where that makes it 400. */
export const summaryRoutes = (stats: StatsService): readonly Route[] => [
  route(
    'get',
    '/summary',
    {
      ...{ tag, summary: 'Clones, boots and tags over a span of days', auth: 'none', values: Range },
      responses: { 200: { description: 'Overall and day by day.', schema: Answered } },
    },
    async ({ values }) => ({ status: 200, body: toSummary(await stats.summary(values), SECTIONS, null) }),
  ),
  ...['/summary/:section', '/summary/:section/:key'].map((path) =>
    route(
      'get',
      path,
      {
        ...{ tag, summary: 'One section of the summary, or one key of it', auth: 'none' },
        values: Range.extend({
          section: text(`One of ${SECTIONS.join(', ')}.`),
          ...(path.includes(':key')
            ? { key: text('`duration` or `count`; of the section `tag` the name of a tag.') }
            : {}),
        }),
        responses: { 200: { description: 'As in the whole.', schema: Answered.partial() } },
      },
      async ({ values }) => {
        const section = SECTIONS.find((name) => name === values.section);
        if (section === undefined) throw notFound('section of the summary', values.section);
        const key = (values as { key?: string }).key ?? null;
        if (key !== null && section !== 'tag' && key !== 'duration' && key !== 'count')
          throw notFound('key', key, `the section ${section}`);
        return { status: 200, body: toSummary(await stats.summary(values), [section], key) };
      },
    ),
  ),
];

function toSummary(summary: Summary, sections: readonly Name[], key: string | null) {
  const overall = { boot: toFigures(summary.boot), clone: toFigures(summary.clone), tag: summary.tag };
  const daily = summary.daily.map(({ date, boot, clone, tag: tags }) => {
    const figures = { boot: toFigures(boot), clone: toFigures(clone), tag: tags };
    return { date, ...pick(figures, sections, key) };
  });
  return { ...pick(overall, sections, key), daily };
}

const pick = (from: Readonly<Record<Name, object>>, sections: readonly Name[], key: string | null) =>
  Object.fromEntries(
    sections.map((section) => {
      const whole = Object.entries(from[section]);
      return [section, Object.fromEntries(key === null ? whole : whole.filter(([name]) => name === key))];
    }),
  );

/** Pools stand within duration and count, where there were any. */
function toFigures({ duration, count, pools }: DayFigures | SpanFigures) {
  const names = Object.entries(pools);
  if (names.length === 0) return { duration, count };
  return {
    duration: { ...duration, pool: Object.fromEntries(names.map(([name, pool]) => [name, pool.duration])) },
    count: { ...count, pool: Object.fromEntries(names.map(([name, pool]) => [name, pool.count])) },
  };
}
