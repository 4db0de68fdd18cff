import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deleteWait, insertWait, keepWaits, listWaits } from '../../../../store/pool-wait.ts';
import { ADMIN } from '../cluster.ts';
import { type Pooled, pooled } from './pooled.ts';

let at: Pooled;
beforeEach(async () => {
  at = await pooled();
  await at.pool({ name: 'a', size: 2, aliases: ['x'] });
  await at.pool({ name: 'b', size: 1, aliases: ['x'] });
  await at.fill('a');
  await at.fill('b');
});
afterEach(() => at.close());

const { signal } = new AbortController();
const take = (wants: Record<string, number>, waitMs = 0) => {
  const asked = Object.entries(wants).map(([name, count]) => ({ name, count }));
  return at.services.checkouts.take('anyone', asked, { waitMs, gone: false, signal });
};
const line = () => listWaits(at.store.read, Date.now());

/** One that waits in line; its end is looked at later. */
async function waiting(wants: Record<string, number>) {
  const before = (await line()).length;
  const end = take(wants, 60_000).then(
    (given) => given.flatMap(({ vms }) => vms).length,
    (error: Error) => error.message,
  );
  await expect.poll(async () => (await line()).length).toBe(before + 1);
  return { end };
}

/** The pool's next clone fails for good. */
async function giveUp(pool: string): Promise<void> {
  await at.keep(pool);
  await at.work('FAILURE', 'invalid');
  await at.keep(pool);
  expect((await at.services.pools.get(pool)).halted).toBe(true);
}

describe('a checkout that waits', () => {
  it('is refused once its pool is made smaller than it asks for, and keeps nothing from others', async () => {
    await take({ a: 2 });
    const { end } = await waiting({ a: 2 });
    await at.services.pools.update(ADMIN, 'a', { size: 1 });
    expect(await end).toContain('More is asked for than the pools have when they are full: 1 of a would be missing.');
    await at.fill('a');
    expect(await take({ a: 1 })).toHaveLength(1);
    expect(await line()).toEqual([]);
  });

  it('wakes the keeper of its pool when it is served, as one that was served at once does', async () => {
    await take({ a: 2 });
    const { end } = await waiting({ a: 1 });
    await at.settled();
    const before = at.jobs.woken.length;
    await at.fill('a');
    expect(await end).toBe(1);
    await at.settled();
    expect(at.jobs.woken.slice(before)).toEqual(['a']);
  });

  it('is refused once its pool is removed, unless another of the same alias has as many', async () => {
    await take({ a: 2, b: 1 });
    const [gone, stays] = [await waiting({ b: 1 }), await waiting({ x: 2 })];
    await at.services.pools.remove(ADMIN, 'b');
    expect(await gone.end).toBe("No VM pool 'b'.");
    await at.fill('a');
    expect(await stays.end).toBe(2);
  });

  it('keeps nothing from others while a pool that was given up keeps it from being filled, and goes on when that is mended', async () => {
    await take({ a: 2, b: 1 });
    const { end } = await waiting({ a: 1, b: 1 });
    await giveUp('b');
    await at.fill('a');
    expect((await take({ a: 2 }))[0]?.vms).toHaveLength(2);
    await at.services.pools.reset(ADMIN, ['b']);
    await at.fill('a');
    expect((await take({ a: 1 }))[0]?.vms).toHaveLength(1);
    await expect(take({ a: 1 })).rejects.toThrow('1 of a missing');
    await at.fill('b');
    expect(await end).toBe(2);
  });

  it('still keeps what a pool that was given up has ready', async () => {
    await take({ a: 2 });
    const { end } = await waiting({ a: 1, b: 1 });
    await at.services.pools.update(ADMIN, 'b', { size: 2 });
    await giveUp('b');
    await expect(take({ b: 1 })).rejects.toThrow('1 of b missing');
    await at.fill('a');
    expect(await end).toBe(2);
  });

  it('keeps nothing from others while it lacks VMs of a pool that fails, though that is not given up, and waits its turn', async () => {
    await take({ a: 2, b: 1 });
    const { end } = await waiting({ a: 1, b: 1 });
    await at.keep('b');
    await at.work('FAILURE');
    await at.keep('b');
    expect(await at.services.pools.get('b')).toMatchObject({ failures: 1, halted: false });
    await at.fill('a');
    expect((await take({ a: 2 }))[0]?.vms).toHaveLength(2);
    await at.fill('a');
    await at.keep('b', Date.now() + 2_000);
    await at.work();
    await at.keep('b');
    expect(await end).toBe(2);
  });

  it('keeps nothing for what the one before it keeps of a pool in trouble already', async () => {
    await take({ a: 2 });
    await at.services.pools.update(ADMIN, 'b', { size: 2 });
    await at.pool({ name: 'c', size: 1 });
    const [first, second] = [await waiting({ b: 1, c: 1 }), await waiting({ a: 1, b: 1 })];
    await giveUp('b');
    expect(await at.states('b')).toMatchObject({ ready: 1 });
    await at.fill('a');
    expect((await take({ a: 2 }))[0]?.vms).toHaveLength(2);
    await expect(take({ b: 1 })).rejects.toThrow('promised');
    await at.fill('c');
    expect(await first.end).toBe(2);
    await at.services.pools.reset(ADMIN, ['b']);
    await at.fill('a');
    await at.fill('b');
    expect(await second.end).toBe(2);
  });

  it('of an alias keeps nothing of its healthy pools while those in trouble keep it from being met', async () => {
    await take({ a: 2, b: 1 });
    const { end } = await waiting({ x: 3 });
    await giveUp('b');
    await at.fill('a');
    expect((await take({ a: 2 }))[0]?.vms).toHaveLength(2);
    await at.services.pools.reset(ADMIN, ['b']);
    await at.fill('a');
    await at.fill('b');
    expect(await end).toBe(3);
  });

  it('ends with the failure once the store can be read no more', async () => {
    await take({ a: 2 });
    const { end } = await waiting({ a: 1 });
    await at.store.close();
    expect(await end).toMatch('not open');
  });

  it('of an alias keeps as many as it asks for of all its pools together, and whoever comes later is told so', async () => {
    await at.pool({ name: 'c', size: 1 });
    const { end } = await waiting({ x: 1, c: 1 });
    expect((await take({ a: 1, b: 1 })).flatMap(({ vms }) => vms)).toHaveLength(2);
    await expect(take({ a: 1 })).rejects.toThrow(
      'Too few VMs are ready beside those that are promised to requests that wait longer: 1 of a missing.',
    );
    await expect(take({ b: 1 })).rejects.toThrow('Too few VMs are ready: 1 of b missing.');
    await at.fill('c');
    expect(await end).toBe(2);
  });

  it('of another process keeps nothing that it cannot have any more, be that process ever so slow to notice', async () => {
    await take({ a: 2 });
    await at.store.write((tx) => insertWait(tx, { a: 2 }, Date.now(), Date.now() + 60_000));
    await at.fill('a');
    await expect(take({ a: 1 })).rejects.toThrow('1 of a missing');
    await at.services.pools.update(ADMIN, 'a', { size: 1 });
    await at.fill('a');
    expect(await take({ a: 1 })).toHaveLength(1);
  });
});

describe('a checkout that does not wait', () => {
  /** As the process that was killed this long ago left it: it told that it lives for the last time then. */
  const leave = (asked: Record<string, number>, agoMs: number) =>
    at.store.write((tx) => insertWait(tx, asked, Date.now(), Date.now() - agoMs + 1_500));

  it('is not refused for one who waited in a process that is dead', async () => {
    await leave({ a: 2 }, 300);
    const began = Date.now();
    expect(await take({ a: 1 })).toHaveLength(1);
    expect(Date.now() - began).toBeLessThan(1_500);
  });

  it('is refused as soon as that process shows that it lives, and at once for one who waits in its own', async () => {
    await take({ b: 1 });
    const number = await leave({ a: 2 }, 100);
    const refused = expect(take({ a: 1 })).rejects.toThrow('1 of a missing');
    await at.settled();
    await at.store.write((tx) => keepWaits(tx, [number], Date.now() + 1_500), 'told');
    const told = Date.now();
    await refused;
    expect(Date.now() - told).toBeLessThan(200);
    await at.store.write((tx) => deleteWait(tx, number));
    const { end } = await waiting({ a: 2, b: 1 });
    const began = Date.now();
    await expect(take({ a: 1 })).rejects.toThrow('1 of a missing');
    expect(Date.now() - began).toBeLessThan(200);
    await at.fill('b');
    expect(await end).toBe(3);
  });

  it('leaves those who wait what one of them can only take because another takes that of its pool', async () => {
    await at.pool({ name: 'b2', size: 1, aliases: ['y'] });
    await at.pool({ name: 'd', size: 2 });
    await at.services.pools.update(ADMIN, 'b', { aliases: ['x', 'y'] });
    await take({ a: 1 });
    // Of b, which is ready, and b2, which is not: so that x is left with a.
    const waits = [await waiting({ x: 1, d: 1 }), await waiting({ y: 1, d: 1 })];
    await expect(take({ a: 1 })).rejects.toThrow('1 of a missing');
    for (const pool of ['d', 'b']) await at.fill(pool);
    expect(await Promise.all(waits.map(({ end }) => end))).toEqual([2, 2]);
  });

  it('is refused at once where the dead have nothing that it could use, and takes nothing for one who has gone meanwhile', async () => {
    await leave({ a: 2 }, 0);
    const began = Date.now();
    await expect(take({ a: 3 })).rejects.toThrow('3 of a missing');
    expect(Date.now() - began).toBeLessThan(200);
    const gone = new AbortController();
    const asked = [{ name: 'a', count: 1 }];
    const taking = at.services.checkouts.take('anyone', asked, { waitMs: 0, gone: false, signal: gone.signal });
    await at.settled();
    gone.abort();
    await expect(taking).rejects.toThrow('1 of a missing');
    expect(await at.states('a')).toEqual({ ready: 2 });
  });
});
