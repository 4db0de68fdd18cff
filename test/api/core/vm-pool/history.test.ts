import { afterEach, beforeEach, expect, it } from 'vitest';
import { curves, samplePools, tidyHistory } from '../../../../api/core/vm-pool/history.ts';
import { live } from '../../../../api/core/vm-pool/live.ts';
import type { Store } from '../../../../store/open.ts';
import { historySince, insertHistory } from '../../../../store/pool-history.ts';
import { seedEntries, seedPool } from '../../../pool-rows.ts';
import { scratch } from '../../../store/scratch.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NOW = 20_000 * DAY_MS;

let s: ReturnType<typeof scratch>;
let store: Store;
beforeEach(() => {
  s = scratch();
  store = s.open();
});
afterEach(() => s.close());

const row = (at: number, ready: number) => ({ pool: 'a', at, ready, running: 1, size: 3 });

it('writes down what a pool has, once a minute however often it is asked to', async () => {
  await store.write(async (tx) => {
    await seedPool(tx, { name: 'a', size: 3 });
    await seedEntries(tx, 'a', 'ready', 2);
    await seedEntries(tx, 'a', 'running', 1);
  });
  await samplePools(store, NOW + 5_000);
  await store.write((tx) => seedEntries(tx, 'a', 'ready', 1));
  await samplePools(store, NOW + 59_000);
  await samplePools(store, NOW + MINUTE_MS);
  expect(await historySince(store.read, 0)).toEqual([row(NOW, 2), row(NOW + MINUTE_MS, 3)]);
});

it('keeps every minute of a day, one in a quarter of an hour of a week, and nothing older', async () => {
  const ages = [8 * DAY_MS, 2 * DAY_MS, 2 * DAY_MS - MINUTE_MS, 2 * DAY_MS - 15 * MINUTE_MS, 2 * MINUTE_MS, MINUTE_MS];
  await store.write(async (tx) => {
    await seedPool(tx, { name: 'a' });
    await insertHistory(
      tx,
      ages.map((age) => row(NOW - age, 1)),
    );
  });
  await tidyHistory(store, NOW);
  const left = (await historySince(store.read, 0)).map(({ at }) => NOW - at);
  expect(left).toEqual([2 * DAY_MS, 2 * DAY_MS - 15 * MINUTE_MS, 2 * MINUTE_MS, MINUTE_MS]);
});

it('draws the least of each step, remembers what it read, and forgets what is past', async () => {
  await store.write(async (tx) => {
    await seedPool(tx, { name: 'a' });
    await insertHistory(tx, [row(NOW, 3), row(NOW + 1, 1), row(NOW + 25, 2)]);
  });
  const read = curves(store, { steps: 3, stepMs: 10 });
  expect(await read(NOW + 25)).toEqual({
    from: NOW,
    stepMs: 10,
    pools: { a: { ready: [1, null, 2], running: [1, null, 1] } },
  });
  await store.write((tx) => insertHistory(tx, [row(NOW + 27, 0), row(NOW + 30, 5)]));
  expect((await read(NOW + 31)).pools.a?.ready).toEqual([null, 0, 5]);
  expect((await read(NOW + 90)).pools).toEqual({});
});

it('tells all who watch every part at first, then what has changed, and reads once for all', async () => {
  let reads = 0;
  const values = { a: 1, b: 1 };
  const { watch } = live<{ a: number; b: number }>(store, async () => {
    reads += 1;
    return { ...values };
  });
  const stop = new AbortController();
  const told: string[][] = [[], []];
  const watchers = told.map(async (mine) => {
    for await (const { part, value } of watch(stop.signal)) {
      mine.push(`${part}=${value}`);
      if (mine.length === 2) {
        values.b = 2;
        await store.write((tx) => seedPool(tx, { name: `p${told.indexOf(mine)}` }));
      }
      if (told.every(({ length }) => length === 3)) stop.abort();
    }
  });
  await Promise.all(watchers);
  expect(told).toEqual([
    ['a=1', 'b=1', 'b=2'],
    ['a=1', 'b=1', 'b=2'],
  ]);
  expect(reads).toBeLessThanOrEqual(3);
});

it('breaks off when it cannot read, and begins anew for the next one', async () => {
  let broken = true;
  const { watch } = live<{ a: number }>(store, async () => {
    if (broken) throw new Error('no store');
    return { a: 1 };
  });
  const first = watch(new AbortController().signal)[Symbol.asyncIterator]();
  await expect(first.next()).rejects.toThrow('no store');
  broken = false;
  const stop = new AbortController();
  for await (const { value } of watch(stop.signal)) {
    expect(value).toBe(1);
    stop.abort();
  }
});
