import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LISTEN_MS } from '../../../../api/core/vm-pool/silence.ts';
import { DEAD_AFTER_MS } from '../../../../domain/node.ts';
import { MINUTE_MS } from '../../../../domain/vm-pool.ts';
import { poolEntries } from '../../../../store/schema/vm-pool.ts';
import { ADMIN } from '../cluster.ts';
import { POOL, type Pooled, pooled } from './pooled.ts';

let at: Pooled;
beforeEach(async () => {
  at = await pooled();
});
afterEach(async () => {
  vi.useRealTimers();
  await at.close();
});

const trouble = () => at.services.pools.get(POOL.name);
const ready = async () => (await at.states()).ready;

/** Turns at the first of which the keeper finds the node silent, and when it has listened for long enough. */
async function listened(): Promise<void> {
  const turn = await at.keep();
  expect(turn?.wakeAt).toBeLessThanOrEqual(Date.now() + LISTEN_MS);
  vi.setSystemTime(Date.now() + LISTEN_MS);
  await at.keep();
}

it('hands out no VM of a node that is dead, and replaces it once it has been listened to in vain', async () => {
  await at.pool({ size: 1 });
  await at.fill();
  await at.heardOf(DEAD_AFTER_MS + 1);
  const signal = new AbortController().signal;
  const asked = [{ name: POOL.name, count: 1 }];
  await expect(at.services.checkouts.take('anyone', asked, { waitMs: 0, gone: false, signal })).rejects.toThrow(
    'Too few',
  );
  await at.keep();
  expect(await ready()).toBe(1);
  await listened();
  expect(await at.states()).toMatchObject({ completed: 1 });
});

it('keeps VMs whose node could not be heard for a while: the store was locked, or all was off', async () => {
  await at.pool({ size: 1 });
  await at.fill();
  await at.heardOf(10 * DEAD_AFTER_MS);
  await at.keep();
  await at.heardOf(0);
  vi.setSystemTime(Date.now() + LISTEN_MS);
  await at.keep();
  expect(await ready()).toBe(1);
  // Silent once more: it is listened to anew.
  await at.heardOf(DEAD_AFTER_MS + 1);
  await at.keep();
  expect(await ready()).toBe(1);
  await listened();
  expect(await at.states()).toMatchObject({ completed: 1 });
});

it('gives up clones whose node does not answer any more, says so, and never gives the pool up for that', async () => {
  await at.pool({ size: 2 });
  const first = await at.keep();
  // It wakes by itself when the node would be taken for dead.
  expect(first?.wakeAt).toBeLessThanOrEqual(Date.now() + DEAD_AFTER_MS + 1);
  await at.heardOf(DEAD_AFTER_MS + 1);
  await listened();
  expect(await at.states()).toEqual({ completed: 2 });
  expect(await trouble()).toMatchObject({ failures: 1, halted: false, lastError: 'Its node hv1 does not answer.' });
  await at.heardOf(0);
  await at.keep(POOL.name, Date.now() + 2_000);
  expect(await at.states()).toMatchObject({ pending: 2 });
});

it('wakes when the node of its ready VMs would be taken for dead', async () => {
  await at.pool({ size: 1 });
  await at.fill();
  await at.heardOf(10_000);
  const turn = await at.keep();
  expect(turn?.wakeAt).toBeLessThanOrEqual(Date.now() + DEAD_AFTER_MS - 9_000);
});

it('lets a VM that is too old on a silent node be for two seconds, and takes no turn after the other meanwhile', async () => {
  await at.pool({ size: 1, readyTtlMin: 1 });
  await at.fill();
  const now = Date.now() + 2 * MINUTE_MS;
  vi.setSystemTime(now);
  await at.heardOf(DEAD_AFTER_MS + 1);
  const turn = await at.keep();
  expect([await ready(), turn?.probes]).toEqual([1, []]);
  expect((turn?.wakeAt ?? 0) - now).toBeGreaterThanOrEqual(2_000);
});

it('wakes to the millisecond for a VM that will be too old', async () => {
  await at.pool({ size: 1, readyTtlMin: 1 });
  await at.fill();
  const now = Date.now() + MINUTE_MS - 500;
  vi.setSystemTime(now);
  await at.heardOf(0);
  const [entry] = await at.store.read.select().from(poolEntries);
  expect((await at.keep())?.wakeAt).toBe((entry?.readyAt ?? 0) + MINUTE_MS);
});

it('makes what an on-demand request asks for on another node when theirs dies, however many of its VMs that takes', async () => {
  await at.pool({ size: 0 });
  await at.services.poolRequests.create('anyone', [{ name: POOL.name, count: 6 }], 'six');
  await at.keep();
  await at.settled();
  await at.heardOf(DEAD_AFTER_MS + 1);
  await listened();
  // No node that lives has room yet: that is no failure of the request, either.
  for (let turn = 0; turn < 5; turn += 1) await at.keep();
  expect(await at.services.poolRequests.get('six')).toMatchObject({ state: 'pending' });
  await at.node('hv2', { facts: { memory: 262144 as never, cpus: 64 }, memoryFree: 262144 });
  await at.keep();
  expect(await at.states()).toEqual({ completed: 6, pending: 6 });
  const made = at.jobs.started.length;
  await at.settled();
  expect((await at.services.vms.list(ADMIN)).filter(({ node }) => node === 'hv2')).toHaveLength(6);
  expect(at.jobs.started.length).toBeGreaterThan(made);
  await at.fill();
  expect(await at.services.poolRequests.get('six')).toMatchObject({ state: 'ready', wants: [{ pending: 0 }] });
});

it('says why an on-demand request was not filled in time', async () => {
  await at.pool({ size: 0 });
  const { expiresAt } = await at.services.poolRequests.create('anyone', [{ name: POOL.name, count: 1 }], 'late');
  await at.keep();
  await at.heardOf(DEAD_AFTER_MS + 1);
  await listened();
  await at.keep(POOL.name, expiresAt);
  expect(await at.services.poolRequests.get('late')).toMatchObject({
    state: 'failed',
    message: expect.stringMatching(/^The on-demand instance request failed to be filled in time: .*node/),
  });
});
