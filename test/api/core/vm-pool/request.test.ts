import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRequest } from '../../../../store/pool-request.ts';
import { updatePool } from '../../../../store/vm-pool.ts';
import { ADMIN } from '../cluster.ts';
import { type Pooled, pooled } from './pooled.ts';

let at: Pooled;
beforeEach(async () => {
  at = await pooled();
  await at.pool({ name: 'a', size: 1, aliases: ['x'], cloneTarget: 'one' });
  await at.pool({ name: 'b', size: 1, aliases: ['x'], cloneTarget: 'two' });
  await at.services.pools.changeSettings(ADMIN, { maxPerRequest: 200, ondemandCloneLimit: 200 });
});
afterEach(() => at.close());

/** How many VMs of an alias each pool is to make. */
async function makers(count: number): Promise<Readonly<Record<string, number>>> {
  const { id } = await at.services.poolRequests.create('anyone', [{ name: 'x', count }], null);
  const request = await findRequest(at.store.read, id);
  return Object.fromEntries((request?.wants ?? []).map(({ pool, count: some }) => [pool, some]));
}

describe('an on-demand request for an alias', () => {
  it('draws the pool of each VM by weight, and shows them as one', async () => {
    await at.services.pools.changeSettings(ADMIN, { backendWeights: { one: 1, two: 3 } });
    const { a = 0, b = 0 } = await makers(200);
    expect([a + b, a > 20 && a < 90]).toEqual([200, true]);
    const asked = [{ name: 'x', count: 40 }];
    const { id, wants } = await at.services.poolRequests.create('anyone', asked, null);
    expect(wants).toEqual([{ name: 'x', vms: [], pending: 40 }]);
    await at.services.pools.update(ADMIN, 'a', { size: 0 });
    await at.services.pools.update(ADMIN, 'b', { size: 0 });
    await at.fill('a');
    await at.fill('b');
    const filled = await at.services.poolRequests.get(id);
    expect([filled.state, filled.wants.map(({ vms, pending }) => [new Set(vms).size, pending])]).toEqual([
      'ready',
      [[40, 0]],
    ]);
  });

  it.each([
    ['without a token', 'anyone', 3],
    ['with one', { principal: { account: 'jdoe', tenant: 'default', role: 'user' }, tokenId: 't', user: 'jdoe' }, 7],
  ] as const)('%s gives VMs the lifetime that the settings say', async (_, who, hours) => {
    await at.services.pools.changeSettings(ADMIN, { lifetimeHours: 3, lifetimeAuthHours: 7 });
    const { id } = await at.services.poolRequests.create(who, [{ name: 'a', count: 1 }], null);
    await at.fill('a');
    const { wants } = await at.services.poolRequests.get(id);
    const made = await at.services.poolVms.get(wants[0]?.vms[0] ?? '');
    expect([made.hours, (made.expiresAt ?? 0) - (made.checkedOutAt ?? 0)]).toEqual([hours, hours * 3_600_000]);
  });

  it('is made by a pool that keeps none ready as well as by others', async () => {
    await at.services.pools.update(ADMIN, 'a', { size: 0 });
    const { a = 0 } = await makers(200);
    expect(a > 50 && a < 150).toBe(true);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['is given up', () => at.store.write((tx) => updatePool(tx, 'a', { halted: true }))],
    ['has no profile any more', () => at.store.write((tx) => updatePool(tx, 'a', { profile: 'gone' }))],
  ])('leaves out a pool that %s while another is well', async (_, spoil) => {
    await spoil();
    expect(await makers(20)).toEqual({ b: 20 });
    await at.services.pools.remove(ADMIN, 'b');
    expect(await makers(20)).toEqual({ a: 20 });
  });
});
