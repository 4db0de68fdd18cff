import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Borrower } from '../../../../domain/borrower.ts';
import type { TaskId, VmId } from '../../../../domain/ids.ts';
import { HOUR_MS } from '../../../../domain/vm-pool.ts';
import { findEntry, takeable, updateEntry } from '../../../../store/pool-entry.ts';
import { listWaits } from '../../../../store/pool-wait.ts';
import { updateVm } from '../../../../store/vm.ts';
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

const known = (user: string, role: 'admin' | 'user' = 'user'): Borrower => ({
  principal: { account: user, tenant: 'default', role },
  tokenId: `token-of-${user}`,
  user,
});
const now = { waitMs: 0, gone: false, signal: new AbortController().signal };
const take = (who: Borrower, wants: Record<string, number>) =>
  at.services.checkouts.take(
    who,
    Object.entries(wants).map(([name, count]) => ({ name, count })),
    now,
  );
const ready = async () => ({ ...(await at.states('a')), b: (await at.states('b')).ready ?? 0 });

describe('a checkout', () => {
  it('takes from every pool of an alias whatever is asked for beside it, and gives by the name asked', async () => {
    const given = await take('anyone', { x: 1, a: 2 });
    expect(given.map(({ name, vms }) => [name, vms.length])).toEqual([
      ['x', 1],
      ['a', 2],
    ]);
    expect(await ready()).toEqual({ running: 2, b: 0 });
  });

  it('takes nothing unless it can take everything, and says what is missing', async () => {
    await expect(take('anyone', { a: 2, b: 2 })).rejects.toThrow('1 of b missing');
    expect(await ready()).toEqual({ ready: 2, b: 1 });
  });

  it.each([
    [{ a: 1, nope: 1 }, "No VM pool 'nope'."],
    [{ a: 0, nope: 1 }, "No VM pool 'nope'."],
    [{ a: 0 }, 'a: must be'],
    [{ a: 1.5 }, 'a: must be'],
    [{ a: Number.NaN }, 'a: must be'],
    [{}, 'names no VM pool'],
  ])('of %o is refused, and nothing moves', async (wants, why) => {
    await expect(take('anyone', wants)).rejects.toThrow(why);
    expect(await ready()).toEqual({ ready: 2, b: 1 });
  });

  it.each([
    ['is off', { state: 'stopped' }],
    ['somebody is changing', { changing: 'some-task' as TaskId }],
  ] as const)('gives no VM that %s', async (_, change) => {
    const [one, other] = await takeable(at.store.read, 'a', 2);
    await at.store.write((tx) => updateVm(tx, one!.vm, change));
    expect(await take('anyone', { a: 1 })).toEqual([{ name: 'a', vms: [other!.name] }]);
    await expect(take('anyone', { a: 1 })).rejects.toThrow('1 of a missing');
  });

  it('keeps for those who wait what they ask for, and no more', async () => {
    await at.pool({ name: 'c', size: 3 });
    await at.fill('c');
    await take('anyone', { b: 1 });
    const stop = new AbortController();
    const asked = [
      { name: 'b', count: 1 },
      { name: 'c', count: 1 },
    ];
    const waiting = at.services.checkouts.take('anyone', asked, { waitMs: 60_000, gone: false, signal: stop.signal });
    await expect.poll(async () => (await listWaits(at.store.read, Date.now())).length).toBe(1);
    expect((await take('anyone', { c: 2 }))[0]?.vms).toHaveLength(2);
    await expect(take('anyone', { c: 1 })).rejects.toThrow('1 of c missing');
    stop.abort();
    await expect(waiting).rejects.toThrow('Too few');
    expect((await take('anyone', { c: 1 }))[0]?.vms).toHaveLength(1);
  });

  it('does not wait for what its pools could never give together', async () => {
    const wait = { waitMs: 60_000, gone: false, signal: new AbortController().signal };
    const asked = [
      { name: 'a', count: 1 },
      { name: 'b', count: 2 },
    ];
    await expect(at.services.checkouts.take('anyone', asked, wait)).rejects.toThrow('1 of b would be missing');
    expect(await listWaits(at.store.read, Date.now())).toEqual([]);
  });

  it('wakes the keepers of its pools when it is given VMs, but not each time that it is refused', async () => {
    await at.settled();
    const before = at.jobs.woken.length;
    for (let n = 0; n < 5; n += 1) {
      await expect(take('anyone', { b: 2 })).rejects.toThrow('1 of b missing');
      await at.settled();
    }
    expect(at.jobs.woken.slice(before)).toEqual(['b']);
    await take('anyone', { b: 1 });
    await at.settled();
    expect(at.jobs.woken.slice(before)).toEqual(['b', 'b']);
  });

  it('gives no VM twice, and none away while enough are ready', async () => {
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => take('anyone', { x: 1 })));
    const given = results.flatMap((one) => (one.status === 'fulfilled' ? one.value.flatMap(({ vms }) => vms) : []));
    expect(given).toHaveLength(3);
    expect(new Set(given).size).toBe(3);
  });

  it('lives as long as the settings say, longer with a token, from the moment of the checkout', async () => {
    await at.services.pools.changeSettings(ADMIN, { lifetimeHours: 3, lifetimeAuthHours: 7 });
    const [[plain], [owned]] = [await take('anyone', { a: 1 }), await take(known('jdoe'), { a: 1 })];
    const detail = async (name = '') => at.services.poolVms.get(name);
    const [first, second] = [await detail(plain?.vms[0]), await detail(owned?.vms[0])];
    expect([first.hours, first.user, second.hours, second.user]).toEqual([3, null, 7, 'jdoe']);
    expect((first.expiresAt ?? 0) - (first.checkedOutAt ?? 0)).toBe(3 * HOUR_MS);
    expect((second.expiresAt ?? 0) - (second.checkedOutAt ?? 0)).toBe(7 * HOUR_MS);
    expect(await at.services.poolVms.ofToken('token-of-jdoe')).toEqual([second.name]);
  });

  it('that waits gives up in time, and is refused at once what can never be', async () => {
    const late = { waitMs: 50, gone: false, signal: new AbortController().signal };
    const asked = (count: number) => at.services.checkouts.take('anyone', [{ name: 'b', count }], late);
    await asked(1);
    await expect(asked(1)).rejects.toThrow('Too few');
    await expect(asked(2)).rejects.toThrow('when they are full');
  });

  it('is served by the pools of an alias that nobody waits for', async () => {
    await take('anyone', { a: 2 });
    const gone = new AbortController();
    const options = { waitMs: 10_000, gone: false, signal: gone.signal };
    const waiting = at.services.checkouts.take('anyone', [{ name: 'a', count: 1 }], options);
    await new Promise((resolve) => setImmediate(resolve));
    await at.settled();
    expect((await take('anyone', { x: 1 }))[0]?.vms).toHaveLength(1);
    gone.abort();
    await expect(waiting).rejects.toThrow('Too few');
  });

  it('does not overtake one that waits for the same pool', async () => {
    await take('anyone', { a: 1, b: 1 });
    const waiting = at.services.checkouts.take('anyone', [{ name: 'a', count: 2 }], { ...now, waitMs: 10_000 });
    await new Promise((resolve) => setImmediate(resolve));
    await at.settled();
    await expect(take('anyone', { a: 1 })).rejects.toThrow('Too few');
    await at.fill('a');
    expect((await waiting)[0]?.vms).toHaveLength(2);
  });
});

describe('a checked-out VM', () => {
  const mine = async (who: Borrower) => (await take(who, { a: 1 }))[0]?.vms[0] ?? '';
  const { poolVms } = { poolVms: () => at.services.poolVms };

  it.each<[string, Borrower, Borrower, boolean]>([
    ['its owner', known('jdoe'), known('jdoe'), true],
    ['somebody else', known('jdoe'), known('eve'), false],
    ['an administrator', known('jdoe'), known('root', 'admin'), true],
    ['nobody', known('jdoe'), 'nobody', false],
    ['nobody, where nobody has it', 'nobody', 'nobody', true],
    ['anyone, without accounts', 'anyone', 'anyone', true],
  ])('may be given back by %s: %#', async (_, owner, who, allowed) => {
    const name = await mine(owner);
    const release = poolVms().release(who, name);
    if (allowed) await release;
    else
      await expect(release).rejects.toMatchObject({ fault: { kind: who === 'nobody' ? 'unauthorized' : 'forbidden' } });
    expect((await poolVms().get(name)).state).toBe(allowed ? 'completed' : 'running');
  });

  it('is given back once, and none that is not checked out', async () => {
    const name = await mine('anyone');
    await poolVms().release('anyone', name);
    await expect(poolVms().release('anyone', name)).rejects.toMatchObject({ fault: { kind: 'not-found' } });
    await expect(poolVms().release('anyone', 'unknown')).rejects.toMatchObject({ fault: { kind: 'not-found' } });
  });

  it.each([
    [{ lifetimeHours: 0 }, 'lifetime (0)'],
    [{ lifetimeHours: Number.NaN, lifetimeText: 'x' }, 'lifetime (x)'],
    [{ lifetimeHours: 12 }, 'maximum of 12'],
    [{ tags: { color: 'red' } }, 'color'],
    [{ tags: { user: 'x'.repeat(256) } }, '255'],
  ])('with %o is left as it is', async (wish, why) => {
    const settings = { maxLifetimeHours: 12, allowedTags: ['user'] };
    await at.services.pools.changeSettings(ADMIN, settings);
    const name = await mine('anyone');
    const before = await poolVms().get(name);
    expect((await poolVms().change('anyone', name, { tags: { user: 'me' }, ...wish })).join(' ')).toContain(why);
    expect(await poolVms().get(name)).toEqual(before);
  });

  it('has at most 100 tags, those that it has already among them', async () => {
    const name = await mine('anyone');
    const tags = (from: number, to: number) =>
      Object.fromEntries(Array.from({ length: to - from }, (_, n) => [`tag-${from + n}`, 'x']));
    const change = (given: Readonly<Record<string, string>>) => poolVms().change('anyone', name, { tags: given });
    const refused = ['You provided tags of which the VM would have 101; it may have 100.'];
    expect(await change(tags(0, 101))).toEqual(refused);
    expect(await change({ ...tags(0, 99), none: '', empty: '' })).toEqual([]);
    expect(await change(tags(98, 101))).toEqual(refused);
    expect(await change(tags(50, 100))).toEqual([]);
    expect(Object.keys((await poolVms().get(name)).tags)).toHaveLength(100);
  });

  it('may go on changing more tags than that, which it was given by an older version', async () => {
    const name = await mine('anyone');
    const tags = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`tag-${n}`, 'x']));
    await at.store.write(async (tx) => updateEntry(tx, (await findEntry(tx, name))?.vm ?? ('' as VmId), { tags }));
    expect(await poolVms().change('anyone', name, { tags: { 'tag-149': 'y' } })).toEqual([]);
    expect(await poolVms().change('anyone', name, { tags: { another: 'y' } })).toHaveLength(1);
  });

  it('takes lifetime and tags, merged, filtered, from its checkout on; PUT needs a token where there are accounts', async () => {
    await at.services.pools.changeSettings(ADMIN, { tagFilters: { url: '(.*)\\.com' } });
    const name = await mine('nobody');
    expect(
      await poolVms().change(known('jdoe'), name, { lifetimeHours: 2.7, tags: { url: 'a.com', none: '' } }),
    ).toEqual([]);
    expect(await poolVms().change(known('jdoe'), name, { tags: { user: 'me' } })).toEqual([]);
    const { tags, lifetimeHours, expiresAt, checkedOutAt } = await poolVms().get(name);
    expect({ tags, lifetimeHours }).toEqual({ tags: { url: 'a', user: 'me' }, lifetimeHours: 2 });
    expect((expiresAt ?? 0) - (checkedOutAt ?? 0)).toBe(2 * HOUR_MS);
    await expect(poolVms().change('nobody', name, {})).rejects.toMatchObject({ fault: { kind: 'unauthorized' } });
  });
});
