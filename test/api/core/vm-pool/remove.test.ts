import { afterEach, beforeEach, expect, it } from 'vitest';
import { vms } from '../../../../store/schema/vm.ts';
import { ADMIN } from '../cluster.ts';
import { POOL, type Pooled, pooled } from './pooled.ts';

let at: Pooled;
beforeEach(async () => {
  at = await pooled();
});
afterEach(() => at.close());

const deletions = () => at.jobs.started.filter(({ kind }) => kind === 'vm.delete').length;
const change = (set: Partial<typeof vms.$inferInsert>) =>
  at.store.write((tx) => tx.update(vms).set(set)) as Promise<unknown>;

it('deletes twenty VMs of a pool at a time, and more as these are gone', async () => {
  await at.pool({ size: 25 });
  await at.fill();
  await at.services.pools.update(ADMIN, POOL.name, { size: 0 });
  for (let turn = 0; turn < 2; turn += 1) {
    await at.keep();
    await at.settled();
    expect(deletions()).toBe(20);
  }
  await at.work();
  await at.keep();
  await at.settled();
  expect(deletions()).toBe(25);
});

it('tries a VM again after half a minute that cannot be deleted now, and says why', async () => {
  await at.pool({ size: 1 });
  await at.fill();
  await at.services.pools.update(ADMIN, POOL.name, { size: 0 });
  await change({ state: 'restarting' });
  const now = Date.now() + 1_000;
  expect((await at.keep(POOL.name, now))?.wakeAt).toBe(now + 30_000);
  const [vm] = await at.services.vms.list(ADMIN);
  expect(await at.services.poolVms.get(vm?.name ?? '')).toMatchObject({
    ...{ state: 'completed', reason: expect.stringContaining('restarting') },
  });
  await change({ state: 'running' });
  await at.fill();
  expect(await at.services.vms.list(ADMIN)).toEqual([]);
});
