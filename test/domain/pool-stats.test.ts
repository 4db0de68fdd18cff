import { expect, it } from 'vitest';
import {
  bucketOf,
  capacityOf,
  conditionOf,
  countsOf,
  dayNumber,
  daysBetween,
  dayText,
  durationsOf,
  familyOf,
  NONE,
  queueOf,
  round,
  together,
} from '../../domain/pool-stats.ts';

it.each([
  [106.56, 1, 106.6],
  [1.005, 2, 1.01],
  [2.675, 2, 2.68],
  [0, 2, 0],
  [69.764, 2, 69.76],
])('rounds %d to %d digits: %d', (value, digits, expected) => expect(round(value, digits)).toBe(expected));

it.each([
  ["the document's boots", { count: 6, total: 639.36, min: 83.09, max: 121.06 }, [106.6, 83.09, 121.06, 639.36]],
  ["the document's clones", { count: 14, total: 63.94, min: 2.78, max: 8.1 }, [4.6, 2.78, 8.1, 63.94]],
  ['nothing', NONE, [0, 0, 0, 0]],
])('averages to one decimal, the rest to two: %s', (_what, took, [average, min, max, total]) => {
  expect(durationsOf(took)).toEqual({ average, min, max, total });
});

it('takes extremes of those days only that had any', () => {
  const day = { count: 2, total: 10, min: 4, max: 6 };
  expect(together([NONE, day, { count: 1, total: 9, min: 9, max: 9 }])).toEqual({
    count: 3,
    total: 19,
    min: 4,
    max: 9,
  });
  expect(together([])).toEqual(NONE);
});

it.each([
  [[6], { average: 6, min: 6, max: 6, total: 6 }],
  [[0, 14], { average: 7, min: 0, max: 14, total: 14 }],
  [[1, 1, 2], { average: 1.3, min: 1, max: 2, total: 4 }],
  [[], { average: 0, min: 0, max: 0, total: 0 }],
])('counts days, empty ones included: %j', (days, expected) => expect(countsOf(days)).toEqual(expected));

it.each([
  [716, 717, 99.9],
  [0, 0, 0],
  [3, 2, 150],
  [0, 5, 0],
])('capacity of %d in %d is %d %%', (current, total, percent) =>
  expect(capacityOf(current, total)).toEqual({ current, total, percent }),
);

it("adds up the document's queue, and never boots less than nothing", () => {
  const counts = { pending: 1, ready: 716, running: 142, completed: 0 };
  expect(queueOf(counts, 0)).toEqual({ ...counts, cloning: 0, booting: 1, total: 859 });
  expect(queueOf(counts, 5).booting).toBe(0);
});

const WELL = { size: 5, failures: 0, lastError: null, failedAt: null, retryAt: null, halted: false };
it.each([
  ['ok', WELL, 5],
  ['ok', WELL, 6],
  ['refilling', WELL, 4],
  ['backing-off', { ...WELL, failures: 2, retryAt: 1 }, 4],
  ['given-up', { ...WELL, failures: 10, halted: true }, 4],
] as const)('a pool is %s', (condition, pool, ready) => expect(conditionOf(pool, ready)).toBe(condition));

it.each([
  ['clone', 10, 10],
  ['clone', 10.1, 20],
  ['clone', 601, null],
  ['boot', 5, 30],
  ['boot', 1_600, 1_600],
] as const)('%s of %d s is in the bucket %s', (kind, seconds, bucket) => expect(bucketOf(kind, seconds)).toBe(bucket));

it.each([
  ['2026-13-45', null],
  ['2026-02-29', null],
  ['2024-02-29', '2024-02-29'],
  ['2015-3-1', null],
  ['', null],
])('knows the days that there are: %s', (text, expected) => {
  const number = dayNumber(text);
  expect(number === null ? null : dayText(number)).toBe(expected);
});

it('names every day of a span', () => {
  const [from, to] = [dayNumber('2015-02-27') ?? 0, dayNumber('2015-03-01') ?? 0];
  expect(daysBetween(from, to)).toEqual(['2015-02-27', '2015-02-28', '2015-03-01']);
  expect(daysBetween(to, from)).toEqual([]);
});

it.each([
  ['debian-12-x86_64', 'debian'],
  ['centos', 'centos'],
  ['-x', ''],
])('%s is of the family %s', (pool, family) => expect(familyOf(pool)).toBe(family));
