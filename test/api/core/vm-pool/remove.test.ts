import { notInArray } from 'drizzle-orm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NodeName } from '../../../../domain/ids.ts';
import { gibToMib } from '../../../../domain/units.ts';
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

/** The only VM of the pool, checked out. */
async function checkedOut(): Promise<string> {
  await at.pool({ size: 1 });
  await at.fill();
  const now = { waitMs: 0, gone: false, signal: new AbortController().signal };
  await at.services.checkouts.take('anyone', [{ name: POOL.name, count: 1 }], now);
  const [name = ''] = (await at.services.vms.list(ADMIN)).map((vm) => vm.name);
  return name;
}

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

it('deletes VMs on one node whatever becomes of those on another', async () => {
  await at.pool({ size: 26 });
  await at.fill();
  await at.services.pools.update(ADMIN, POOL.name, { size: 0 });
  // All on one node, where their deletions hang; then the last ones turn out to be on another.
  await at.keep();
  await at.settled();
  const hung = at.jobs.started.filter(({ kind }) => kind === 'vm.delete').map(({ target }) => target);
  await at.store.write((tx) =>
    tx
      .update(vms)
      .set({ node: 'hv2' as NodeName })
      .where(notInArray(vms.name, hung)),
  );
  await at.keep();
  await at.settled();
  expect(deletions()).toBe(26);
});

it('deletes a VM that was given back before all that waits for it, and takes nothing more', async () => {
  const name = await checkedOut();
  const disk = () => at.services.poolVms.addDisk('anyone', name, gibToMib(1));
  for (let times = 0; times < 3; times += 1) await disk();
  await at.services.poolVms.release('anyone', name);
  const more = [disk, () => at.services.disks.attach(ADMIN, name, gibToMib(1))];
  const stop = () => at.services.vms.act(ADMIN, name, 'stop');
  const keepDisks = () => at.services.vms.remove(ADMIN, name, false);
  for (const ask of [...more, stop, keepDisks]) await expect(ask()).rejects.toThrow(/was given back/);
  await at.keep();
  const all = await at.services.tasks.list(ADMIN, { active: false, limit: 50 });
  const tasks = all.filter(({ kind }) => kind === 'vm.attach-disk');
  expect(tasks.map(({ state, error }) => [state, error])).toEqual([
    ...Array.from({ length: 2 }, () => ['FAILURE', expect.stringContaining('was given back')]),
    ['PENDING', null],
  ]);
});

it('lets nobody cancel the deletion of a VM that was given back: it would be theirs for as long as they go on', async () => {
  const name = await checkedOut();
  await at.services.poolVms.release('anyone', name);
  await at.keep();
  const all = await at.services.tasks.list(ADMIN, { active: true, limit: 50 });
  const deletion = all.find(({ kind, target }) => kind === 'vm.delete' && target === name);
  await expect(at.services.tasks.cancel(ADMIN, deletion?.id ?? '')).rejects.toThrow(/was given back/);
  expect((await at.services.tasks.get(ADMIN, deletion?.id ?? '')).state).toBe('PENDING');
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
