import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { controlActivities } from '../../../../activities/control.ts';
import { tidyHistory } from '../../../../api/core/vm-pool/history.ts';
import type { TaskId } from '../../../../domain/ids.ts';
import { DEAD_AFTER_MS } from '../../../../domain/node.ts';
import type { CreateVm } from '../../../../domain/plan.ts';
import type { Principal } from '../../../../domain/principal.ts';
import { HOUR_MS } from '../../../../domain/vm-pool.ts';
import { nodes } from '../../../../store/schema/node.ts';
import { updatePool } from '../../../../store/vm-pool.ts';
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

it('stays given up when another clone of the same time fails after the one that failed for good', async () => {
  await at.pool({ size: 2 });
  await at.keep();
  await at.settled();
  const [first, second] = at.jobs.started;
  const fail = async (task: typeof first, fault: string | null, error: string): Promise<void> => {
    if (!task) return expect.unreachable();
    await control.release((task.input as CreateVm).vm);
    await control.finishTask(task.id as TaskId, { state: 'FAILURE', status: '', error, fault });
  };
  const control = controlActivities(at.store);
  await fail(first, 'invalid', 'it went wrong');
  const failLater = () => fail(second, null, 'it went wrong, too');
  await at.keep();
  expect(await trouble()).toMatchObject({ failures: 1, halted: true, retryAt: null });
  await failLater();
  await at.keep();
  expect(await trouble()).toMatchObject({ failures: 1, halted: true, lastError: 'it went wrong, too' });
});

it('says why a VM could not be made only once its task has given back what it had, and ended', async () => {
  await at.pool({ size: 1 });
  await at.keep();
  await at.settled();
  const [task] = at.jobs.started;
  if (!task) return expect.unreachable();
  const control = controlActivities(at.store);
  await control.release((task.input as CreateVm).vm);
  await at.keep();
  expect([await at.states(), (await trouble()).failures]).toEqual([{ pending: 1 }, 0]);
  await control.finishTask(task.id as TaskId, { state: 'FAILURE', status: '', error: 'no disk', fault: null });
  await at.keep();
  expect(await trouble()).toMatchObject({ failures: 1, lastError: 'no disk' });
});

it('of a pool that was given up, or pauses, takes no places for clones from others', async () => {
  await at.services.pools.changeSettings(ADMIN, { taskLimit: 2 });
  for (const [name, fault] of [
    ['given-up', 'invalid'],
    ['pausing', undefined],
  ] as const) {
    await at.pool({ name, size: 5 });
    await at.keep(name);
    await at.work('FAILURE', fault);
    await at.keep(name);
  }
  await at.pool({ name: 'well', size: 5 });
  await at.keep('well');
  expect(await at.states('well')).toEqual({ pending: 2 });
});

it.each([
  ['pauses', { failures: 1, retryAt: Date.now() + HOUR_MS }],
  ['is given up', { failures: 1, halted: true }],
])('ends, and more are begun at once, when a VM comes up of a pool that %s', async (_, state) => {
  await at.pool({ size: 2, maxClones: 1 });
  await at.keep();
  await at.store.write((tx) => updatePool(tx, POOL.name, state));
  await at.work();
  await at.keep();
  expect(await at.states()).toEqual({ ready: 1, pending: 1 });
  expect(await trouble()).toMatchObject({ failures: 0, halted: false, retryAt: null });
});

it('gives back what was made of an on-demand request when one of its pools is removed', async () => {
  await at.pool({ name: 'a', size: 0 });
  await at.pool({ name: 'b', size: 0 });
  const asked = [
    { name: 'a', count: 1 },
    { name: 'b', count: 2 },
  ];
  await at.services.poolRequests.create('anyone', asked, 'both');
  await at.fill('a');
  expect(await at.states('a')).toEqual({ running: 1 });
  await at.services.pools.remove(ADMIN, 'b');
  expect(await at.services.poolRequests.get('both')).toMatchObject({ state: 'failed' });
  expect(await at.states('a')).toEqual({ completed: 1 });
});

it.each([0, 1])(
  'of a pool of %i ends with its pause, once nobody wants the VMs any more that it failed to make',
  async (size) => {
    await at.pool({ size });
    await at.fill();
    await at.services.poolRequests.create('anyone', [{ name: POOL.name, count: 1 }], 'none');
    await at.keep();
    await at.work('FAILURE');
    await at.keep();
    const { failures, retryAt } = await trouble();
    expect([failures, (retryAt ?? 0) > Date.now()]).toEqual([1, true]);
    await at.keep(POOL.name, retryAt ?? 0);
    expect(await trouble()).toMatchObject({ condition: 'backing-off', failures: 1 });
    await at.services.poolRequests.remove('anyone', 'none');
    const turn = await at.keep(POOL.name, (retryAt ?? 0) - 1);
    expect([turn?.wakeAt, (await trouble()).condition]).toEqual([retryAt, 'backing-off']);
    await at.keep(POOL.name, retryAt ?? 0);
    expect(await trouble()).toMatchObject({ condition: 'ok', failures: 0, lastError: null, retryAt: null });
  },
);

it('is remembered for a week with its reason, one of a kind an hour, though it cost no VM and is over', async () => {
  await at.profile({ name: 'huge', system: { vcpus: 1, memoryMiB: 10_000_000 }, networks: [] });
  await at.pool({ size: 0, profile: 'huge' });
  const hour = Date.now() - (Date.now() % HOUR_MS);
  await at.services.poolRequests.create('anyone', [{ name: POOL.name, count: 1 }], 'huge');
  const said: (string | null)[] = [];
  for (const ms of [1_000, 12_000, HOUR_MS + 1]) {
    // The reason names what is free.
    await at.store.write((tx) => tx.update(nodes).set({ memoryOther: 2_000 + said.length }) as Promise<unknown>);
    vi.setSystemTime(hour - 2 * HOUR_MS + ms);
    await at.heardOf(0);
    await at.keep();
    said.push((await trouble()).lastError);
  }
  vi.useRealTimers();
  expect(new Set(said).size).toBe(3);
  await at.services.poolRequests.remove('anyone', 'huge');
  await at.keep();
  expect(await trouble()).toMatchObject({ condition: 'ok', lastError: null });
  const failures = [hour - HOUR_MS + 1, hour - 2 * HOUR_MS + 12_000].map((at, index) => ({
    ...{ pool: POOL.name, name: null, at, reason: said[2 - index] },
  }));
  expect(await failuresShown()).toEqual(failures);
  await tidyHistory(at.store, hour - 2 * HOUR_MS + 12_000 + 7 * 24 * HOUR_MS + 1);
  expect(await failuresShown()).toEqual(failures.slice(0, 1));
});

async function failuresShown() {
  const stop = new AbortController();
  for await (const { part, value } of at.services.poolStats.watch(stop.signal)) {
    if (part !== 'failures') continue;
    stop.abort();
    return value;
  }
  return expect.unreachable();
}

it("wakes a request's pools when it is deleted, though they have made nothing of it", async () => {
  await at.pool({ size: 0 });
  await at.heardOf(DEAD_AFTER_MS + 1);
  await at.services.poolRequests.create('anyone', [{ name: POOL.name, count: 1 }], 'none');
  await at.settled();
  const woken = at.jobs.woken.length;
  await at.services.poolRequests.remove('anyone', 'none');
  await at.settled();
  expect(at.jobs.woken.slice(woken)).toEqual([POOL.name]);
});

it("lets nobody cancel what is done with somebody else's VM, or the making of a pool's", async () => {
  await at.pool({ size: 1 });
  await at.keep();
  const bob: Principal = { account: 'bob', tenant: 'default', role: 'user' };
  const [task] = await at.services.tasks.list(ADMIN, { active: true, limit: 1 });
  const cancel = (who: Principal) => at.services.tasks.cancel(who, task?.id ?? '');
  await expect(cancel(bob)).rejects.toMatchObject({ fault: { kind: 'forbidden' } });
  expect(await cancel(ADMIN)).toMatchObject({ cancelRequested: true });
});

it('lets a token that may only look borrow nothing', async () => {
  await at.pool({ size: 1 });
  await at.fill();
  const principal: Principal = { account: 'watch', tenant: 'default', role: 'viewer' };
  const viewer = { principal, tokenId: 't', user: 'watch' };
  const wait = { waitMs: 0, gone: false, signal: new AbortController().signal };
  const [given] = await at.services.checkouts.take('anyone', [{ name: POOL.name, count: 1 }], wait);
  const vm = given?.vms[0] ?? '';
  const asks: readonly (() => Promise<unknown>)[] = [
    () => at.services.checkouts.take(viewer, [{ name: POOL.name, count: 1 }], wait),
    () => at.services.poolVms.change(viewer, vm, { lifetimeHours: 1 }),
    () => at.services.poolVms.release(viewer, vm),
    () => at.services.poolVms.snapshot(viewer, vm, null),
    () => at.services.poolRequests.create(viewer, [{ name: POOL.name, count: 1 }], null),
  ];
  for (const ask of asks) await expect(ask()).rejects.toMatchObject({ fault: { kind: 'forbidden' } });
  expect(await at.states()).toMatchObject({ running: 1 });
});
