import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { updateRequest } from '../../../../store/pool-request.ts';
import { poolEntries } from '../../../../store/schema/vm-pool.ts';
import { findPool, updatePool } from '../../../../store/vm-pool.ts';
import { ADMIN } from '../cluster.ts';
import { type Pooled, pooled } from './pooled.ts';

let at: Pooled;
beforeEach(async () => {
  at = await pooled();
});
afterEach(() => at.close());

it('begins no more clones at once than all pools may, and shares them out evenly', async () => {
  await at.services.pools.changeSettings(ADMIN, { taskLimit: 4 });
  await at.pool({ size: 20 });
  await at.pool({ name: 'other', size: 20 });
  const turn = await at.keep();
  expect(await at.states()).toEqual({ pending: 2 });
  expect(turn?.wake).toEqual(['other']);
  await at.keep('other');
  expect(await at.states('other')).toEqual({ pending: 2 });
  await at.keep();
  expect(await at.states()).toEqual({ pending: 2 });
});

it("keeps to a pool's own limit of clones", async () => {
  await at.pool({ maxClones: 1 });
  for (let turn = 0; turn < 3; turn += 1) {
    await at.keep();
    expect(await at.states()).toEqual({ pending: 1 });
  }
});

it('refills a pool beside what is made for requests, be it as many as its size', async () => {
  await at.pool({ size: 3 });
  await at.fill();
  await at.services.poolRequests.create('anyone', [{ name: 'debian-12', count: 4 }], 'four');
  const now = { waitMs: 0, gone: false, signal: new AbortController().signal };
  await at.services.checkouts.take('anyone', [{ name: 'debian-12', count: 3 }], now);
  await at.keep();
  expect(await at.states()).toEqual({ running: 3, pending: 7 });
});

it("counts clones for requests against the pool's own limit, too, and has those first", async () => {
  await at.pool({ maxClones: 2 });
  await at.services.poolRequests.create('anyone', [{ name: 'debian-12', count: 3 }], 'three');
  for (let turn = 0; turn < 2; turn += 1) {
    await at.keep();
    expect(await at.states()).toEqual({ pending: 2 });
  }
  await at.work();
  await at.keep();
  // The last for the request, and the first of its own.
  expect(await at.states()).toEqual({ running: 2, pending: 2 });
});

it('gives a place to a pool that waits for one as soon as another pool, which is full, needs it no more', async () => {
  await at.services.pools.changeSettings(ADMIN, { taskLimit: 1 });
  await at.pool({ size: 1 });
  await at.pool({ name: 'other', size: 1 });
  await at.keep();
  expect((await at.keep('other'))?.wake).toEqual([]);
  expect(await at.states('other')).toEqual({});
  await at.work();
  expect((await at.keep())?.wake).toEqual(['other']);
  await at.keep('other');
  expect(await at.states('other')).toEqual({ pending: 1 });
  expect((await at.keep())?.wake).toEqual([]);
});

it.each<[string, () => Promise<unknown>]>([
  ['is given up', () => at.work('FAILURE', 'invalid')],
  ['pauses', () => at.work('FAILURE')],
  ['is removed', () => at.services.pools.remove(ADMIN, 'big')],
])('gives the places of a pool that %s to one that waits for them', async (_, end) => {
  await at.services.pools.changeSettings(ADMIN, { taskLimit: 2 });
  await at.pool({ name: 'big', size: 2 });
  await at.pool({ name: 'other', size: 1 });
  await at.keep('big');
  await end();
  expect((await at.keep('big'))?.wake).toEqual(['other']);
  await at.keep('other');
  expect(await at.states('other')).toEqual({ pending: 1 });
  expect((await at.keep('big'))?.wake ?? []).toEqual([]);
});

it('gives the place of a pool to one that waits when a VM of it came up, and the next cannot be begun', async () => {
  await at.services.pools.changeSettings(ADMIN, { taskLimit: 1 });
  await at.pool({ name: 'a', size: 2 });
  await at.pool({ name: 'b', size: 1 });
  await at.keep('a');
  await at.work();
  await at.store.write((tx) => updatePool(tx, 'a', { profile: 'gone' }));
  expect((await at.keep('a'))?.wake).toEqual(['b']);
  expect(await findPool(at.store.read, 'a')).toMatchObject({ halted: true });
});

/** One place for on-demand clones, and requests of one VM each for it, the oldest first. */
async function oneFor(...requests: readonly (readonly [pool: string, id: string])[]): Promise<void> {
  await at.services.pools.changeSettings(ADMIN, { ondemandCloneLimit: 1 });
  for (const name of ['x', 'y']) await at.pool({ name, size: 0 });
  for (const [name, id] of requests) await at.services.poolRequests.create('anyone', [{ name, count: 1 }], id);
}
const pendingFor = async () =>
  (await at.store.read.select().from(poolEntries))
    .filter(({ state }) => state === 'pending')
    .map(({ request }) => request);

it('gives places for on-demand clones to one pool after the other as soon as one is free, in each to the oldest request', async () => {
  await oneFor(['x', 'first'], ['y', 'second'], ['x', 'third']);
  await at.keep('x');
  await at.keep('y');
  expect(await pendingFor()).toEqual(['first']);
  await at.work();
  expect((await at.keep('x'))?.wake).toEqual(['y']);
  expect(await pendingFor()).toEqual([]);
  await at.keep('y');
  expect(await pendingFor()).toEqual(['second']);
  expect((await at.keep('x'))?.wake).toEqual([]);
  await at.work();
  expect((await at.keep('y'))?.wake).toEqual(['x']);
  await at.keep('x');
  expect(await pendingFor()).toEqual(['third']);
});

it.each([
  ['pauses', { retryAt: Date.now() + 60_000 }, { wake: ['y'] }],
  ['is given up', { halted: true, failedAt: Date.now() - 60_000 }, { wake: ['y'] }],
  ['has just failed', { halted: true, failedAt: Date.now() + 60_000 }, { wake: [], wakeAt: expect.any(Number) }],
])(
  'keeps no place free for requests of a pool that %s, but lets it try when nobody else wants one',
  async (_, trouble, told) => {
    await oneFor(['y', 'first'], ['x', 'second']);
    await at.store.write((tx) => updatePool(tx, 'y', trouble));
    expect((await at.keep('x'))?.wake).toEqual([]);
    expect(await pendingFor()).toEqual(['second']);
    await at.work();
    const turn = await at.keep('x');
    expect(turn).toMatchObject(told);
    if (turn?.wake.length === 0) expect(turn.wakeAt).toBeLessThan(Date.now() + 1_001);
    await at.keep('y');
    expect(await pendingFor()).toEqual(['first']);
  },
);

it('gives the place of a clone that failed to a request of another pool, though its own is older', async () => {
  await oneFor(['x', 'first'], ['y', 'second']);
  await at.keep('x');
  await at.work('FAILURE');
  expect((await at.keep('x'))?.wake).toEqual(['y']);
  expect(await pendingFor()).toEqual([]);
  await at.keep('y');
  expect(await pendingFor()).toEqual(['second']);
});

it('keeps no request waiting for a pool whose clones hang, however many ask for that', async () => {
  const ttl = 300_000;
  const start = Date.now();
  await oneFor();
  const ask = async (name: string, id: string, now: number): Promise<void> => {
    await at.services.poolRequests.create('anyone', [{ name, count: 1 }], id);
    await at.store.write((tx) => updateRequest(tx, id, { createdAt: now, expiresAt: now + ttl }));
  };
  const waited = new Map<string, number>();
  for (let now = start; now <= start + 5 * ttl; now += 10_000) {
    await ask('x', `x${now}`, now);
    if ((now - start) % ttl === 120_000) await ask('y', `y${now}`, now);
    for (const pool of ['x', 'y']) await at.keep(pool, now);
    for (const { pool, request, startedAt } of await at.store.read.select().from(poolEntries))
      if (pool === 'y' && request) waited.set(request, startedAt - Number(request.slice(1)));
  }
  expect(waited.size).toBe(5);
  // The first comes when a clone has just begun that nobody knows to hang.
  expect([...waited.values()].slice(1).every((ms) => ms <= 20_000)).toBe(true);
});

it.each([
  ['takes it for a failure of its pool', 0.4, { failures: 1, last: /in time: \S+ was not ready in .*: Accepted/ }],
  ['blames no pool where it began late', 0.6, { failures: 0, last: /in time\.$/ }],
])(
  'ends a clone with the time of its request, and %s: one whose clones hang would have every place again',
  async (_, began, { failures, last }) => {
    const ttl = 300_000;
    await oneFor(['x', 'first']);
    const begun = Date.now() + began * ttl;
    await at.keep('x', begun);
    await at.services.poolRequests.create('anyone', [{ name: 'x', count: 1 }], 'third');
    await at.services.poolRequests.create('anyone', [{ name: 'y', count: 1 }], 'second');
    const late = begun + (1 - began) * ttl;
    await at.store.write(async (tx) => {
      for (const id of ['second', 'third']) await updateRequest(tx, id, { expiresAt: late + ttl });
    });
    await at.keep('x', late);
    await at.keep('y', late);
    expect(await pendingFor()).toEqual(['second']);
    expect((await at.services.poolRequests.get('first')).message).toMatch(last);
    expect(await findPool(at.store.read, 'x')).toMatchObject({ failures, halted: false });
  },
);

const MANY = { maxPerRequest: 20, ondemandCloneLimit: 10, taskLimit: 10 };
describe.each<[string, (name: string) => Promise<unknown>]>([
  ['requests', (name) => at.services.poolRequests.create('anyone', [{ name, count: 20 }], null)],
  ['refill', (name) => at.services.pools.update(ADMIN, name, { size: 20 })],
])('a pool that wants many clones for %s', (_, want) => {
  beforeEach(async () => {
    await at.services.pools.changeSettings(ADMIN, MANY);
    await at.pool({ name: 'x', size: 0 });
  });

  it('has all places where there is no other', async () => {
    await want('x');
    await at.keep('x');
    expect(await at.states('x')).toEqual({ pending: 10 });
  });

  it('leaves some to others: its clones may hang', async () => {
    for (const name of ['y', 'z']) await at.pool({ name, size: 0 });
    await want('x');
    await at.keep('x');
    expect(await at.states('x')).toEqual({ pending: 7 });
    await want('y');
    await at.keep('y');
    expect(await at.states('y')).toEqual({ pending: 2 });
    await want('z');
    await at.keep('z');
    expect(await at.states('z')).toEqual({ pending: 1 });
  });
});

it('leaves some to a pool that only pauses', async () => {
  await at.services.pools.changeSettings(ADMIN, MANY);
  await at.pool({ name: 'x', size: 20 });
  await at.pool({ name: 'y', size: 20 });
  await at.store.write((tx) => updatePool(tx, 'y', { failures: 1, lastError: 'why', retryAt: Date.now() + 60_000 }));
  await at.keep('x');
  expect(await at.states('x')).toEqual({ pending: 7 });
});

it('says of a request whose time is over that its clones had no place', async () => {
  await at.services.pools.changeSettings(ADMIN, { ...MANY, ondemandCloneLimit: 0 });
  await at.pool({ name: 'x', size: 0 });
  const { expiresAt } = await at.services.poolRequests.create('anyone', [{ name: 'x', count: 3 }], 'late');
  await at.keep('x', expiresAt);
  expect((await at.services.poolRequests.get('late')).message).toMatch(
    /in time: 3 of its VMs had not been begun \(onde/,
  );
});

it.each([
  ['x', 'y'],
  ['y', 'x'],
])(
  'blames the pool whose clone hangs for the end of a request over two, though the turn of %s comes first',
  async (...order) => {
    for (const name of order) await at.pool({ name, size: 0 });
    const asked = order.map((name) => ({ name, count: 1 }));
    const { expiresAt } = await at.services.poolRequests.create('anyone', asked, 'both');
    await at.keep('x');
    await at.work();
    for (const name of ['x', 'y']) await at.keep(name);
    for (const name of order) await at.keep(name, expiresAt);
    const failures = await Promise.all(['x', 'y'].map(async (name) => (await findPool(at.store.read, name))?.failures));
    expect([failures, await at.states('x'), await at.states('y')]).toEqual([
      [0, 1],
      { completed: 1 },
      { completed: 1 },
    ]);
    expect((await at.services.poolRequests.get('both')).message).toMatch(/in time: \S+ was not ready in .*: Accepted/);
  },
);

it('forgets requests whose time is over when places are divided', async () => {
  await oneFor(['y', 'first'], ['x', 'second']);
  await at.store.write((tx) => updateRequest(tx, 'first', { expiresAt: Date.now() - 1 }));
  expect((await at.keep('x'))?.wake).toEqual([]);
  expect(await pendingFor()).toEqual(['second']);
});
