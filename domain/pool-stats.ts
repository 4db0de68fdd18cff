import type { PoolTrouble } from './vm-pool.ts';

/** Seconds that clones or boots took, as they are stored: a sum of many. */
export interface Took {
  readonly count: number;
  readonly total: number;
  readonly min: number;
  readonly max: number;
}

/** Seconds as they are shown: the average to one decimal, the others to two; all 0 where there were none. */
export interface Durations {
  readonly average: number;
  readonly min: number;
  readonly max: number;
  readonly total: number;
}

/** How many a day, over several days; the average to one decimal. */
export interface Counts extends Durations {}

export const round = (value: number, digits: number): number => {
  const scale = 10 ** digits;
  // The nearest text first: 1.005 * 100 is a little less than 100.5.
  return Math.round(Number((value * scale).toPrecision(12))) / scale;
};

export const NONE: Took = { count: 0, total: 0, min: 0, max: 0 };

/** Several as one: extremes are those of all that had any. */
export function together(all: readonly Took[]): Took {
  const some = all.filter(({ count }) => count > 0);
  if (some.length === 0) return NONE;
  return {
    count: some.reduce((sum, { count }) => sum + count, 0),
    total: some.reduce((sum, { total }) => sum + total, 0),
    min: Math.min(...some.map(({ min }) => min)),
    max: Math.max(...some.map(({ max }) => max)),
  };
}

export const durationsOf = ({ count, total, min, max }: Took): Durations => ({
  average: count === 0 ? 0 : round(total / count, 1),
  min: round(min, 2),
  max: round(max, 2),
  total: round(total, 2),
});

/** Of the totals of days, empty ones included. */
export function countsOf(days: readonly number[]): Counts {
  const total = days.reduce((sum, count) => sum + count, 0);
  if (days.length === 0) return { average: 0, min: 0, max: 0, total };
  return { average: round(total / days.length, 1), min: Math.min(...days), max: Math.max(...days), total };
}

/** Percentage to one decimal; more than 100 where more are ready than are to be, 0 of nothing. */
export const capacityOf = (current: number, total: number) => ({
  current,
  total,
  percent: total === 0 ? 0 : round((current / total) * 100, 1),
});

/** Entries by state, of one pool or of all. */
export interface EntryCounts {
  readonly pending: number;
  readonly ready: number;
  readonly running: number;
  readonly completed: number;
}

export const queueOf = ({ pending, ready, running, completed }: EntryCounts, cloning: number) => ({
  pending,
  cloning,
  booting: Math.max(0, pending - cloning),
  ready,
  running,
  completed,
  total: pending + ready + running + completed,
});

/** The family of operating systems that a pool's name tells: the word before its first dash. */
export const familyOf = (pool: string): string => pool.split('-', 1)[0] ?? pool;

/** What keeps a pool from being full: nothing, its clones being on their way, a pause after failures, or that it was given up. */
export const POOL_CONDITIONS = ['ok', 'refilling', 'backing-off', 'given-up'] as const;
export type PoolCondition = (typeof POOL_CONDITIONS)[number];

export function conditionOf(
  { size, halted, retryAt, failures }: PoolTrouble & { readonly size: number },
  ready: number,
): PoolCondition {
  if (halted) return 'given-up';
  if (failures > 0 && retryAt !== null) return 'backing-off';
  return ready < size ? 'refilling' : 'ok';
}

/** Upper bounds of the histograms' buckets, in seconds (vmpooler-facts.md §2.11). */
export const BUCKETS = {
  clone: [10, 20, 30, 45, 60, 90, 120, 180, 300, 600],
  boot: [30, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1_200, 1_600],
} as const;

/** Bucket of a duration: its upper bound, or null above the last. */
export const bucketOf = (kind: keyof typeof BUCKETS, seconds: number): number | null =>
  BUCKETS[kind].find((bound) => seconds <= bound) ?? null;

const DAY_MS = 86_400_000;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Days since 1970 of a YYYY-MM-DD; null for a day that there is not. */
export function dayNumber(text: string): number | null {
  const match = DAY.exec(text);
  if (!match) return null;
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(at) || dayText(at / DAY_MS) !== text ? null : at / DAY_MS;
}

export const dayText = (number: number): string => new Date(number * DAY_MS).toISOString().slice(0, 10);

/** Every day from one to another, both included. */
export const daysBetween = (from: number, to: number): readonly string[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => dayText(from + index));
