import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Overview, type StatsService, statsService } from '../../../../api/core/vm-pool/stats.ts';
import { daysOf, spanOf, tagsOf } from '../../../../api/core/vm-pool/summary.ts';
import { DomainError } from '../../../../domain/fault.ts';
import type { VmId } from '../../../../domain/ids.ts';
import type { Store } from '../../../../store/open.ts';
import { addTags, dayOf } from '../../../../store/pool-day.ts';
import { countEntries, countPending, listFailures } from '../../../../store/pool-entry.ts';
import { listUnbegun } from '../../../../store/pool-failure.ts';
import { historySince } from '../../../../store/pool-history.ts';
import { updatePool } from '../../../../store/vm-pool.ts';
import { seedDurations, seedEntries, seedPool } from '../../../pool-rows.ts';
import { connectionOf, scratch } from '../../../store/scratch.ts';

let s: ReturnType<typeof scratch>;
let store: Store;
let stats: StatsService;
beforeEach(() => {
  s = scratch();
  store = s.open();
  stats = statsService(store);
});
afterEach(() => s.close());

it("counts the document's figures: 716 of 717, one booting, 859 in all", async () => {
  await store.write(async (tx) => {
    await seedPool(tx, { name: 'a-1', size: 717 });
    await seedPool(tx, { name: 'b', size: 0 });
    await seedEntries(tx, 'a-1', 'ready', 716);
    await seedEntries(tx, 'a-1', 'pending', 1, { clonedAt: 1 });
    await seedEntries(tx, 'gone', 'running', 142);
    await seedEntries(tx, 'a-1', 'destroyed', 3);
  });
  expect(await stats.status()).toMatchObject({
    capacity: { current: 716, total: 717, percent: 99.9 },
    queue: { pending: 1, cloning: 0, booting: 1, ready: 716, running: 142, completed: 0, total: 859 },
    empty: [],
    pools: [
      { name: 'a-1', ready: 716, pending: 1, condition: 'refilling' },
      { name: 'b', ready: 0, condition: 'ok' },
    ],
  });
});

it('names the empty pools, and why a pool is not refilled', async () => {
  await store.write(async (tx) => {
    await seedPool(tx, { name: 'a', size: 1 });
    await updatePool(tx, 'a', { failures: 2, lastError: 'no room', failedAt: 5, retryAt: 9 });
  });
  const { empty, pools } = await stats.status();
  expect(empty).toEqual(['a']);
  expect(pools[0]).toMatchObject({
    condition: 'backing-off',
    failures: 2,
    lastError: 'no room',
    failedAt: 5,
    retryAt: 9,
  });
});

it('is computed once a commit, and never older than the last one', async () => {
  const other = s.open();
  const first = await stats.status();
  expect(await stats.status()).toBe(first);
  await other.write((tx) => seedPool(tx, { name: 'a', size: 3 }));
  const second = await stats.status();
  expect(second.capacity.total).toBe(3);
  expect(await stats.status()).toBe(second);
});

it('tries again after a failure', async () => {
  const { perCommit } = await import('../../../../api/core/per-commit.ts');
  let asked = 0;
  const read = perCommit(store, async () => {
    asked += 1;
    if (asked === 1) throw new Error('once');
    return asked;
  });
  await expect(read()).rejects.toThrow('once');
  expect(await read()).toBe(2);
});

it("sums up the document's day", async () => {
  const today = dayOf(Date.now());
  await store.write(async (tx) => {
    await seedDurations(tx, 'a', 'boot', [83.09, 121.06, 108.7975, 108.7975, 108.7975, 108.8175 - 0.0000001]);
    await seedDurations(tx, 'b', 'clone', [2.78, 8.1, ...Array<number>(12).fill(53.06 / 12)]);
    for (let n = 0; n < 14; n += 1) await addTags(tx, `vm${n}`, { department: 'engineering' }, Date.now());
    for (let n = 14; n < 24; n += 1) await addTags(tx, `vm${n}`, { department: 'help desk' }, Date.now());
  });
  const summary = await stats.summary({});
  const boot = { average: 106.6, min: 83.09, max: 121.06, total: 639.36 };
  const clone = { average: 4.6, min: 2.78, max: 8.1, total: 63.94 };
  const tag = { department: { engineering: 14, 'help desk': 10, total: 24 } };
  expect(summary).toMatchObject({
    boot: { duration: boot, count: { average: 6, min: 6, max: 6, total: 6 } },
    clone: { duration: clone, count: { average: 14, min: 14, max: 14, total: 14 } },
    tag,
    daily: [{ date: today, boot: { duration: boot, count: { total: 6 } }, clone: { duration: clone }, tag }],
  });
  expect(summary.boot.pools).toEqual({ a: { duration: boot, count: { average: 6, min: 6, max: 6, total: 6 } } });
});

it('counts empty days in averages of counts, not in those of durations', () => {
  const row = (pool: string, count: number) => ({ pool, count, total: count * 2, min: 1, max: 3 });
  expect(spanOf([[], [row('a', 4), row('b', 2)], [row('a', 2)]])).toEqual({
    duration: { average: 2, min: 1, max: 3, total: 16 },
    count: { average: 2.7, min: 0, max: 6, total: 8 },
    pools: {
      a: { duration: { average: 2, min: 1, max: 3, total: 12 }, count: { average: 2, min: 0, max: 4, total: 6 } },
      b: { duration: { average: 2, min: 1, max: 3, total: 4 }, count: { average: 0.7, min: 0, max: 2, total: 2 } },
    },
  });
});

it("keeps a tag's total its sum, whatever its values are called", () => {
  const rows = [
    { tag: 'x', value: 'total', count: 2 },
    { tag: 'x', value: 'y', count: 3 },
    { tag: '__proto__', value: 'z', count: 1 },
  ];
  const tags = tagsOf(rows);
  expect(tags.x).toEqual({ y: 3, total: 5 });
  expect(Object.keys(tags)).toContain('__proto__');
});

const TODAY = '2026-11-25';
it.each([
  [{}, [TODAY]],
  [{ from: '2026-11-24' }, ['2026-11-24', TODAY]],
  [{ from: '2026-11-23', to: '2026-11-24' }, ['2026-11-23', '2026-11-24']],
  [{ to: '2026-11-26' }, [TODAY, '2026-11-26']],
])('knows the days of %j', (range, days) => expect(daysOf(range, TODAY)).toEqual(days));

it.each([
  ['from', { from: '2026-13-45' }, "Invalid date '2026-13-45': there is no such day."],
  ['from', { from: '11/24/2026' }, "Invalid date format '11/24/2026', must match YYYY-MM-DD."],
  ['to', { to: '' }, "Invalid date format '', must match YYYY-MM-DD."],
  ['to', { from: TODAY, to: '2026-11-24' }, "'to' (2026-11-24) is before 'from' (2026-11-25)"],
  ['from', { from: '2026-11-26', to: '2026-11-27' }, "'2026-11-26' is in the future"],
  ['to', { to: '2015-03-11' }, "is before 'from' (today, 2026-11-25, since it was not given)"],
  ['to', { from: '0001-01-01' }, 'more than 3660 days'],
])('refuses the field %s of %j', (field, range, why) => {
  const refused = (() => {
    try {
      daysOf(range, TODAY);
    } catch (error) {
      return error;
    }
  })();
  expect(refused).toBeInstanceOf(DomainError);
  expect((refused as DomainError).fault).toMatchObject({ kind: 'invalid', field, why: expect.stringContaining(why) });
});

it('adds up what is checked out by family', async () => {
  await store.write(async (tx) => {
    for (const name of ['debian-7', 'debian-8', 'sles'] as const) await seedPool(tx, { name });
    await seedEntries(tx, 'debian-7', 'running', 2);
    await seedEntries(tx, 'debian-8', 'running', 1);
  });
  expect(await stats.families()).toEqual({
    debian: { running: 3, pools: ['debian-7', 'debian-8'] },
    sles: { running: 0, pools: ['sles'] },
  });
});

it('shows the latest failures, and of each pool that was given up the one that it was given up for', async () => {
  const now = Date.now();
  const [halted, before] = [now - 3_600_000, now - 7_200_000];
  await store.write(async (tx) => {
    for (const name of ['busy', 'given-up', 'mended'] as const) await seedPool(tx, { name });
    for (let index = 0; index < 30; index += 1)
      await seedEntries(tx, 'busy', 'completed', 1, { failed: true, completedAt: now - index, reason: 'no room' });
    await seedEntries(tx, 'mended', 'completed', 1, { failed: true, completedAt: before, reason: 'it went wrong' });
    // What is said of the VM since is why it cannot be deleted.
    await seedEntries(tx, 'given-up', 'completed', 1, { failed: true, completedAt: halted, reason: 'in use' });
    await updatePool(tx, 'given-up', { failures: 10, lastError: 'no script', failedAt: halted, halted: true });
  });
  const stop = new AbortController();
  for await (const { part, value } of stats.watch(stop.signal)) {
    if (part !== 'failures') continue;
    const shown = value as Overview['failures'];
    expect(shown.map(({ pool }) => pool)).toEqual([...Array(20).fill('busy'), 'given-up']);
    expect(shown.at(-1)).toEqual({ pool: 'given-up', name: null, at: halted, reason: 'no script' });
    stop.abort();
  }
  expect.assertions(2);
});

/** How SQLite runs the statements that a query makes. */
async function plansOf(query: () => Promise<unknown>): Promise<readonly string[]> {
  const connection = connectionOf(store.read);
  const { prepare } = connection;
  const texts: string[] = [];
  connection.prepare = ((text: string) => {
    texts.push(text);
    return prepare.call(connection, text);
  }) as typeof prepare;
  await query().finally(() => {
    connection.prepare = prepare;
  });
  expect(texts.length).toBeGreaterThan(0);
  return texts.flatMap((text) =>
    (
      connection.prepare(`EXPLAIN QUERY PLAN ${text}`).all(Array<number>((text.match(/\?/g) ?? []).length).fill(0)) as {
        detail: string;
      }[]
    ).map(({ detail }) => detail),
  );
}

it('counts from a covering index, and reads nothing from end to end that grows', async () => {
  expect(await plansOf(() => countEntries(store.read))).toContain(
    'SEARCH pool_entries USING COVERING INDEX pool_entry_destroyed (state=?)',
  );
  const others = [
    ...(await plansOf(() => countPending(store.read))),
    ...(await plansOf(() => listFailures(store.read, 0, 5))),
    ...(await plansOf(() => listUnbegun(store.read, 0, 5))),
    ...(await plansOf(() => historySince(store.read, 0))),
  ];
  expect(
    others.filter((detail) =>
      /SCAN (pool_entries|pool_history|pool_failures)(?! USING INDEX pool_entry_failed)/.test(detail),
    ),
  ).toEqual([]);
});

it('keeps totals that only grow, one of them for VMs that are gone', async () => {
  await store.write(async (tx) => {
    await seedPool(tx, { name: 'a' });
    await seedDurations(tx, 'a', 'clone', [5, 15, 1_000]);
    await seedEntries(tx, 'a', 'destroyed', 2);
  });
  const { updateEntry } = await import('../../../../store/pool-entry.ts');
  const again = '00000000-0000-4000-9000-000000000001' as VmId;
  await store.write((tx) => updateEntry(tx, again, { state: 'destroyed' }));
  expect(await stats.totals()).toEqual([
    { pool: 'a', kind: 'clone', bucket: 0, count: 1, total: 1_000 },
    { pool: 'a', kind: 'clone', bucket: 10, count: 1, total: 5 },
    { pool: 'a', kind: 'clone', bucket: 20, count: 1, total: 15 },
    { pool: 'a', kind: 'destroyed', bucket: 0, count: 2, total: 0 },
  ]);
});
