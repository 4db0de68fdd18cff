import { invalid } from '../../../domain/fault.ts';
import {
  type Counts,
  countsOf,
  type Durations,
  dayNumber,
  daysBetween,
  durationsOf,
  NONE,
  type Took,
  together,
} from '../../../domain/pool-stats.ts';
import type { Db } from '../../../store/open.ts';
import { countTags, type DayRow, dayOf, listDays } from '../../../store/pool-day.ts';

/** What was measured on one day; by pool where there was any. */
export interface DayFigures {
  readonly duration: Durations;
  readonly count: { readonly total: number };
  readonly pools: Readonly<
    Record<string, { readonly duration: Durations; readonly count: { readonly total: number } }>
  >;
}

/** What was measured on several days; counts are statistics of the days' totals, empty ones included. */
export interface SpanFigures {
  readonly duration: Durations;
  readonly count: Counts;
  readonly pools: Readonly<Record<string, { readonly duration: Durations; readonly count: Counts }>>;
}

/** VMs by tag and value, with the sum of each tag. */
export type TagCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface DaySummary {
  readonly date: string;
  readonly boot: DayFigures;
  readonly clone: DayFigures;
  readonly tag: TagCounts;
}

export interface Summary {
  readonly boot: SpanFigures;
  readonly clone: SpanFigures;
  readonly tag: TagCounts;
  /** Every day, the first one first. */
  readonly daily: readonly DaySummary[];
}

export interface SummaryRange {
  /** YYYY-MM-DD; today without. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Days of a summary at the most: ten years. */
const MAX_DAYS = 3_660;

/** 'invalid' with the field for what is no day, an end before its beginning, a beginning in the future, or too many days. */
export function daysOf({ from, to }: SummaryRange, today: string): readonly string[] {
  const day = (field: string, text: string): number => {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(text))
      throw invalid(field, `Invalid date format '${text.slice(0, 40)}', must match YYYY-MM-DD.`);
    const number = dayNumber(text);
    if (number === null) throw invalid(field, `Invalid date '${text}': there is no such day.`);
    return number;
  };
  const [first, last] = [day('from', from ?? today), day('to', to ?? today)];
  if (from !== undefined && first > day('today', today))
    throw invalid('from', `Invalid date range: '${from}' is in the future.`);
  if (last < first) {
    const begin = from === undefined ? `'from' (today, ${today}, since it was not given)` : `'from' (${from})`;
    throw invalid('to', `Invalid date range: 'to' (${to ?? `today, ${today}`}) is before ${begin}.`);
  }
  if (last - first >= MAX_DAYS) throw invalid('to', `Invalid date range: more than ${MAX_DAYS} days.`);
  return daysBetween(first, last);
}

/** Boots, clones and tags of these days, all together and day by day (vmpooler-facts.md §2.8 and D1: as the document says). */
export async function readSummary(db: Db, range: SummaryRange): Promise<Summary> {
  const days = daysOf(range, dayOf(Date.now()));
  const [from = '', to = ''] = [days[0], days.at(-1)];
  const rows = Map.groupBy(await listDays(db, from, to), ({ day }) => day);
  const tags = Map.groupBy(await countTags(db, from, to), ({ day }) => day);
  const span = (kind: DayRow['kind']): SpanFigures => spanOf(days.map((day) => ofKind(rows.get(day) ?? [], kind)));
  return {
    boot: span('boot'),
    clone: span('clone'),
    tag: tagsOf([...tags.values()].flat()),
    daily: days.map((date) => ({
      date,
      boot: dayOfRows(ofKind(rows.get(date) ?? [], 'boot')),
      clone: dayOfRows(ofKind(rows.get(date) ?? [], 'clone')),
      tag: tagsOf(tags.get(date) ?? []),
    })),
  };
}

type PoolTook = Took & { readonly pool: string };

const ofKind = (rows: readonly DayRow[], kind: DayRow['kind']): readonly PoolTook[] =>
  rows.filter((row) => row.kind === kind);

const figures = (took: Took) => ({ duration: durationsOf(took), count: { total: took.count } });

export const dayOfRows = (rows: readonly PoolTook[]): DayFigures => ({
  ...figures(together(rows)),
  pools: Object.fromEntries(rows.map((row) => [row.pool, figures(row)])),
});

/** Of days in order, each with its rows by pool. */
export function spanOf(days: readonly (readonly PoolTook[])[]): SpanFigures {
  const names = [...new Set(days.flat().map(({ pool }) => pool))].sort();
  const of = (rows: readonly Took[]) => ({
    duration: durationsOf(together(rows)),
    count: countsOf(rows.map(({ count }) => count)),
  });
  return {
    ...of(days.map(together)),
    pools: Object.fromEntries(
      names.map((name) => [name, of(days.map((rows) => rows.find(({ pool }) => pool === name) ?? NONE))]),
    ),
  };
}

/** Sums over days; `total` is the tag's own sum, whatever its values are called. */
export function tagsOf(
  rows: readonly { readonly tag: string; readonly value: string; readonly count: number }[],
): TagCounts {
  const byTag = Map.groupBy(rows, ({ tag }) => tag);
  return Object.fromEntries(
    [...byTag].map(([tag, some]) => {
      const byValue = Map.groupBy(some, ({ value }) => value);
      const values = [...byValue].map(([value, same]) => [value, same.reduce((sum, { count }) => sum + count, 0)]);
      return [tag, { ...Object.fromEntries(values), total: some.reduce((sum, { count }) => sum + count, 0) }];
    }),
  );
}
