import { eq } from 'drizzle-orm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TaskId } from '../../../../domain/ids.ts';
import { poolVmName } from '../../../../domain/pool-name.ts';
import { HOUR_MS, MINUTE_MS, POOL_DEFAULTS } from '../../../../domain/vm-pool.ts';
import { nextNumber } from '../../../../store/pool-entry.ts';
import { vms } from '../../../../store/schema/vm.ts';
import { poolEntries } from '../../../../store/schema/vm-pool.ts';
import { ADMIN, request } from '../cluster.ts';
import { POOL, type Pooled, pooled } from './pooled.ts';

let at: Pooled;
beforeEach(async () => {
  at = await pooled();
});
afterEach(() => at.close());

const NO_WAIT = { waitMs: 0, gone: false, signal: new AbortController().signal };
const take = (count: number, name = POOL.name) => at.services.checkouts.take('anyone', [{ name, count }], NO_WAIT);

it('fills a pool, and replaces what is checked out', async () => {
  await at.pool();
  await at.keep();
  expect(await at.states()).toEqual({ pending: 3 });
  await at.fill();
  expect(await at.states()).toEqual({ ready: 3 });
  const [given] = await take(2);
  expect(given?.vms).toHaveLength(2);
  await at.fill();
  expect(await at.states()).toEqual({ ready: 3, running: 2 });
});

it('records no boot as shorter than its clone, though the clock by which the clone ended is ahead', async () => {
  await at.pool({ size: 1 });
  await at.keep();
  await at.work();
  const clonedAt = Date.now() + 5_000;
  await at.store.write((tx) => tx.update(poolEntries).set({ clonedAt }) as unknown as Promise<void>);
  await at.keep();
  const entry = await theEntry();
  expect([entry.state, entry.readyAt]).toEqual(['ready', clonedAt]);
  const total = (await at.services.poolStats.totals()).find(({ kind }) => kind === 'boot')?.total;
  expect(total).toBe((clonedAt - entry.startedAt) / 1_000);
});

const theEntry = async () => (await at.store.read.select().from(poolEntries))[0] ?? expect.unreachable();

it('stamps what happens with the moment at which it is written, however long its turn was due', async () => {
  await at.profile({ name: 'net' });
  await at.pool({ size: 1, profile: 'net', probePort: 22 });
  const begun = Date.now();
  const late = begun - 54_000;
  await at.keep(POOL.name, late);
  const { vm, startedAt } = await theEntry();
  await at.work();
  await at.keeper.probed(POOL.name, [{ vm, well: true }], late);
  const { probedAt } = await theEntry();
  await at.keep(POOL.name, late);
  const { readyAt } = await theEntry();
  for (const stamp of [startedAt, probedAt, readyAt]) expect(stamp).toBeGreaterThanOrEqual(begun);
});

it('counts the time of a VM that is being made from when it was begun', async () => {
  await at.pool({ size: 1, timeoutMin: 1 });
  await at.keep(POOL.name, Date.now() - MINUTE_MS);
  await at.keep();
  expect(await at.states()).toEqual({ pending: 1 });
});

it('waits longer after each failure, shows the reason, and gives up after enough of them', async () => {
  await at.pool({ size: 1 });
  let now = Date.now();
  for (let failures = 1; failures <= POOL_DEFAULTS.maxFailures; failures += 1) {
    await at.keep(POOL.name, now);
    expect(await at.states()).toEqual({ pending: 1 });
    await at.work('FAILURE');
    const turn = await at.keep(POOL.name, now);
    const pool = await at.services.pools.get(POOL.name);
    expect(pool).toMatchObject({ failures, lastError: 'it went wrong' });
    expect(pool.halted).toBe(failures === POOL_DEFAULTS.maxFailures);
    expect(turn?.wakeAt).toBe(pool.retryAt);
    now = pool.retryAt ?? now;
  }
  await at.keep(POOL.name, now + HOUR_MS);
  expect(await at.states()).toEqual({});
  await at.services.pools.reset(ADMIN, [POOL.name]);
  await at.fill();
  expect(await at.states()).toEqual({ ready: 1 });
});

it('does not try again what would fail again', async () => {
  await at.pool({ size: 1 });
  await at.keep();
  await at.work('FAILURE', 'invalid');
  await at.keep();
  expect(await at.services.pools.get(POOL.name)).toMatchObject({ halted: true, failures: 1, retryAt: null });
});

it('takes back a VM when its lifetime is over, and wakes at that moment', async () => {
  await at.pool({ size: 1, lifetimeHours: 2 });
  await at.fill();
  const [given] = await take(1);
  const name = given?.vms[0] ?? '';
  const turn = await at.keep();
  const { expiresAt, checkedOutAt } = await at.services.poolVms.get(name);
  expect(expiresAt).toBe((checkedOutAt ?? 0) + 2 * HOUR_MS);
  await at.work();
  expect(turn?.wakeAt).toBeLessThanOrEqual(expiresAt ?? 0);
  await at.keep(POOL.name, (expiresAt ?? 0) - 1);
  expect((await at.services.poolVms.get(name)).state).toBe('running');
  await at.keep(POOL.name, expiresAt ?? 0);
  await at.work();
  await at.keep();
  expect(await at.services.poolVms.get(name)).toMatchObject({ state: 'destroyed', reason: 'Its lifetime is over.' });
});

const reasons = async () =>
  (await at.store.read.select().from(poolEntries)).map(({ reason }) => reason).filter((reason) => reason !== null);

it('replaces a ready VM that waited for too long', async () => {
  await at.pool({ size: 1, readyTtlMin: 5 });
  await at.fill();
  await at.keep(POOL.name, Date.now() + 5 * MINUTE_MS + 1);
  expect(await at.states()).toMatchObject({ completed: 1, pending: 1 });
  expect(await reasons()).toEqual(['It was ready for 5 minutes without being wanted.']);
});

it('replaces a ready VM that went off, once nothing changes it any more', async () => {
  await at.pool({ size: 1 });
  await at.fill();
  const set = (change: Partial<typeof vms.$inferInsert>) =>
    at.store.write((tx) => tx.update(vms).set(change)) as Promise<unknown>;
  await set({ state: 'stopped', changing: 'someone' as TaskId });
  await at.keep();
  expect(await at.states()).toEqual({ ready: 1 });
  await set({ changing: null });
  await at.keep();
  expect(await at.states()).toMatchObject({ completed: 1, pending: 1 });
  expect(await reasons()).toEqual(['It is stopped: it went off while it waited.']);
});

it('gives up what it is still cloning before what is ready when it is made smaller, the youngest first', async () => {
  await at.pool({ size: 1 });
  await at.fill();
  await at.services.pools.update(ADMIN, POOL.name, { size: 3 });
  await at.keep();
  const cloning = await at.store.read.select().from(poolEntries).where(eq(poolEntries.state, 'pending'));
  await at.services.pools.update(ADMIN, POOL.name, { size: 2 });
  await at.keep();
  expect(await at.states()).toMatchObject({ ready: 1, pending: 1 });
  const [left] = await at.store.read.select().from(poolEntries).where(eq(poolEntries.state, 'pending'));
  expect(left?.number).toBe(Math.min(...cloning.map(({ number }) => number)));
  await at.services.pools.update(ADMIN, POOL.name, { size: 1 });
  await at.keep();
  expect(await at.states()).toMatchObject({ ready: 1, completed: 2 });
});

it('shrinks, is drained by a reset, and goes with everything when it is removed', async () => {
  await at.pool();
  await at.fill();
  await at.services.pools.update(ADMIN, POOL.name, { size: 1 });
  await at.fill();
  expect(await at.states()).toEqual({ ready: 1 });
  await at.services.pools.reset(ADMIN, [POOL.name]);
  expect(await at.states()).toEqual({ completed: 1 });
  await at.fill();
  expect(await at.states()).toEqual({ ready: 1 });
  await at.services.pools.remove(ADMIN, POOL.name);
  await at.fill();
  expect(await at.keep()).toBeNull();
  expect(await at.services.vms.list(ADMIN)).toEqual([]);
});

it('asks guests of a pool with a port, and takes them for ready when they answer', async () => {
  await at.profile({ name: 'net' });
  await at.pool({ size: 1, profile: 'net', probePort: 22 });
  await at.keep();
  await at.work();
  const turn = await at.keep();
  expect(turn?.probes).toMatchObject([{ node: 'hv1', ip: '10.1.0.10', port: 22 }]);
  // It is asked again although nobody wakes the keeper.
  expect((turn?.wakeAt ?? Number.POSITIVE_INFINITY) - Date.now()).toBeLessThanOrEqual(2_000);
  expect(await at.states()).toEqual({ pending: 1 });
  const [probe] = turn?.probes ?? [];
  if (!probe) throw new Error('no probe');
  await at.keeper.probed(POOL.name, [{ vm: probe.vm, well: true }], Date.now());
  await at.keep();
  expect(await at.states()).toEqual({ ready: 1 });
  const later = await at.keep(POOL.name, Date.now() + 2 * MINUTE_MS);
  expect(later?.probes).toHaveLength(1);
  await at.keeper.probed(POOL.name, [{ vm: probe.vm, well: false }], Date.now());
  expect(await at.states()).toEqual({ completed: 1 });
});

it('takes a VM for ready that was made while nobody looked for longer than it may take, and gives up one that is not made', async () => {
  await at.pool({ size: 1, timeoutMin: 5 });
  await at.keep();
  await at.work();
  await at.keep(POOL.name, Date.now() + 6 * MINUTE_MS);
  expect(await at.states()).toEqual({ ready: 1 });
  await at.pool({ name: 'slow', size: 1, timeoutMin: 5 });
  await at.keep('slow');
  await at.keep('slow', Date.now() + 5 * MINUTE_MS);
  expect(await at.services.pools.get('slow')).toMatchObject({
    failures: 1,
    lastError: expect.stringContaining('5 min'),
  });
});

it('asks a guest once more when its time is up, and gives it up if it does not answer then', async () => {
  await at.profile({ name: 'net' });
  await at.pool({ size: 2, profile: 'net', probePort: 22, timeoutMin: 5 });
  await at.keep();
  await at.work();
  const early = (await at.keep())?.probes ?? [];
  await at.keeper.probed(
    POOL.name,
    early.map(({ vm }) => ({ vm, well: false })),
    Date.now(),
  );
  const late = Date.now() + 6 * MINUTE_MS;
  const probes = (await at.keep(POOL.name, late))?.probes ?? [];
  expect([probes.length, await at.states()]).toEqual([2, { pending: 2 }]);
  await at.keeper.probed(
    POOL.name,
    probes.map(({ vm }, index) => ({ vm, well: index === 0 })),
    late,
  );
  expect((await at.keep(POOL.name, late))?.probes).toEqual([]);
  expect(await at.states()).toMatchObject({ ready: 1, completed: 1 });
});

it('hands out what was made on demand, and fails a request that cannot be filled', async () => {
  await at.pool({ size: 0 });
  const asked = [{ name: POOL.name, count: 2 }];
  const { id } = await at.services.poolRequests.create('anyone', asked, null);
  await at.keep();
  expect(await at.services.poolRequests.get(id)).toMatchObject({ state: 'pending', wants: [{ vms: [], pending: 2 }] });
  await at.fill();
  const filled = await at.services.poolRequests.get(id);
  expect(filled).toMatchObject({ state: 'ready', wants: [{ pending: 0 }] });
  expect(filled.wants[0]?.vms).toHaveLength(2);
  expect(await at.states()).toEqual({ running: 2 });
  const late = await at.services.poolRequests.create('anyone', asked, 'late');
  await at.keep(POOL.name, late.expiresAt);
  expect(await at.services.poolRequests.get('late')).toMatchObject({ state: 'failed' });
});

it('counts clones that fail together as one failure, and never gives up for want of room', async () => {
  await at.pool({ size: 10 });
  await at.keep();
  await at.work('FAILURE');
  await at.keep();
  expect(await at.services.pools.get(POOL.name)).toMatchObject({ failures: 1, halted: false });
  await at.profile({ name: 'huge', system: { vcpus: 1, memoryMiB: 10_000_000 }, networks: [] });
  await at.pool({ name: 'vast', profile: 'huge', size: 1 });
  let now = Date.now();
  for (let turn = 0; turn < 15; turn += 1) {
    await at.keep('vast', now);
    now = (await at.services.pools.get('vast')).retryAt ?? now;
  }
  const vast = await at.services.pools.get('vast');
  expect(vast).toMatchObject({ failures: 15, halted: false });
  expect((vast.retryAt ?? 0) - (vast.failedAt ?? 0)).toBe(10_000);
});

it('passes over a name that somebody has taken', async () => {
  await at.pool({ size: 1 });
  await at.fill();
  const next = await at.store.write(nextNumber);
  await at.services.provisioner.create(ADMIN, request({ name: poolVmName('', next) }));
  await take(1);
  await at.fill();
  expect((await take(1))[0]?.vms).toEqual([poolVmName('', next + 1)]);
});

it("keeps a pool's VM from those who did not check it out, whichever way they come", async () => {
  await at.pool({ size: 2 });
  await at.fill();
  const alice = {
    principal: { account: 'alice', tenant: 'default', role: 'user' as const },
    tokenId: 't',
    user: 'alice',
  };
  const bob = { account: 'bob', tenant: 'default', role: 'user' as const };
  const [given] = await at.services.checkouts.take(alice, [{ name: POOL.name, count: 1 }], NO_WAIT);
  const mine = given?.vms[0] ?? '';
  await expect(at.services.vms.remove(bob, mine, true)).rejects.toMatchObject({ fault: { kind: 'forbidden' } });
  await expect(at.services.vms.act(bob, mine, 'stop')).rejects.toMatchObject({ fault: { kind: 'forbidden' } });
  const waiting = (await at.services.vms.list(ADMIN)).find(({ name }) => name !== mine)?.name ?? '';
  await expect(at.services.vms.remove(bob, waiting, true)).rejects.toMatchObject({ fault: { kind: 'forbidden' } });
  expect((await at.services.vms.remove(alice.principal, mine, true)).kind).toBe('vm.delete');
});

it('fails an on-demand request whose pool is removed', async () => {
  await at.pool({ size: 0 });
  await at.services.poolRequests.create('anyone', [{ name: POOL.name, count: 1 }], 'gone');
  await at.services.pools.remove(ADMIN, POOL.name);
  expect(await at.services.poolRequests.get('gone')).toMatchObject({ state: 'failed' });
});
