import { afterEach, beforeEach, expect, it } from 'vitest';
import { HOUR_MS } from '../../../../domain/vm-pool.ts';
import { ADMIN } from '../cluster.ts';
import { type Pooled, pooled } from './pooled.ts';

let at: Pooled;
beforeEach(async () => {
  at = await pooled();
});
afterEach(() => at.close());

const { signal } = new AbortController();

/** A VM checked out of a pool with so many hours. */
async function taken(lifetimeHours: number | null): Promise<string> {
  await at.pool({ name: 'a', size: 1, lifetimeHours });
  await at.fill('a');
  const [given] = await at.services.checkouts.take('anyone', [{ name: 'a', count: 1 }], {
    waitMs: 0,
    gone: false,
    signal,
  });
  return given?.vms[0] ?? '';
}

/** Hours that answers show, and those after which the VM is taken back. */
async function hours(vm: string): Promise<readonly [number, number]> {
  const { hours: shown, expiresAt, checkedOutAt } = await at.services.poolVms.get(vm);
  return [shown, ((expiresAt ?? 0) - (checkedOutAt ?? 0)) / HOUR_MS];
}

const remove = () => at.services.pools.remove(ADMIN, 'a');
const settings = (lifetimeHours: number) => at.services.pools.changeSettings(ADMIN, { lifetimeHours });
const make = (lifetimeHours: number | null) => at.pool({ name: 'a', size: 1, lifetimeHours });
const load = (text: string) => at.services.pools.import(ADMIN, text);

it.each<[string, number | null, readonly (() => Promise<unknown>)[], number]>([
  ["is its own pool's", 100, [], 100],
  ['stays that of its pool when that is removed', 100, [remove], 100],
  ['is not that of new settings then', 100, [remove, () => settings(5)], 100],
  ['is not that of a new pool of that name then', 100, [remove, () => make(7)], 100],
  ['follows new settings without a pool, too', null, [remove, () => settings(5)], 5],
  ['is that of a new pool of that name', null, [remove, () => make(7)], 7],
  [
    'is that of an imported one',
    null,
    [remove, () => load(':pools: [{name: a, size: 1, profile: web, lifetime: 9}]')],
    9,
  ],
  ['is that of imported settings', null, [remove, () => load(':config: {vm_lifetime: 3}')], 3],
  ['is that of the settings when the new pool has none', null, [() => settings(5), remove, () => make(null)], 5],
])('the lifetime of a VM %s, and it ends by what is shown', async (_, own, events, expected) => {
  const vm = await taken(own);
  for (const event of events) await event();
  expect(await hours(vm)).toEqual([expected, expected]);
});

it('wakes the keepers of pools that are gone when settings make the lifetime of their VMs shorter', async () => {
  const vm = await taken(null);
  await remove();
  at.jobs.woken.length = 0;
  await settings(1);
  await at.settled();
  expect(at.jobs.woken).toContain('a');
  expect(await hours(vm)).toEqual([1, 1]);
});

it('is the one that holds from now on for what is checked out already, unless that has its own', async () => {
  const vm = await taken(2);
  const change = (lifetimeHours: number) => at.services.pools.update(ADMIN, 'a', { lifetimeHours });
  await change(5);
  expect(await hours(vm)).toEqual([5, 5]);
  await at.services.poolVms.change('anyone', vm, { lifetimeHours: 3 });
  await change(9);
  expect(await hours(vm)).toEqual([3, 3]);
});
