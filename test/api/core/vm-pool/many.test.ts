import { afterEach, beforeEach, expect, it } from 'vitest';
import type { VmId } from '../../../../domain/ids.ts';
import { vms } from '../../../../store/schema/vm.ts';
import { poolEntries } from '../../../../store/schema/vm-pool.ts';
import { insertPool } from '../../../../store/vm-pool.ts';
import { poolWish } from '../../../pool-rows.ts';
import { type Pooled, pooled } from './pooled.ts';

const POOLS = Array.from({ length: 60 }, (_, n) => `p${n + 1}`);
const EACH = 12;

let at: Pooled;
beforeEach(async () => {
  at = await pooled();
  await at.store.write(async (tx) => {
    for (const name of POOLS) {
      await insertPool(tx, poolWish({ name, size: EACH, aliases: ['all'] }));
      const rows = Array.from({ length: EACH }, (_, n) => ({ name: `${name}-${n}`, id: `${name}-vm-${n}` as VmId }));
      const common = { tenant: 'default', state: 'running', node: 'hv1', memory: 512, vcpus: 1, selector: 'mem' };
      const more = { description: '', autostart: false, serial: false, defined: true, createdAt: 0, args: {} };
      await tx.insert(vms).values(rows.map((row) => ({ ...row, ...common, ...more })) as never);
      const entry = { pool: name, state: 'ready', startedAt: 0, readyAt: 1, tags: {} } as const;
      await tx
        .insert(poolEntries)
        .values(rows.map((row) => ({ ...entry, name: row.name, vm: row.id, task: `task-${row.id}` as never })));
    }
  });
});
afterEach(() => at.close());

const take = (all: number, each: number) => {
  const asked = [{ name: 'all', count: all }, ...POOLS.map((name) => ({ name, count: each }))];
  const { signal } = new AbortController();
  return at.services.checkouts.take('anyone', asked, { waitMs: 0, gone: false, signal });
};

it('refuses and gives hundreds of VMs of 60 pools and their alias in a moment: the store waits for it', async () => {
  const began = performance.now();
  await expect(take(1_000, 1_000)).rejects.toThrow('280 of all, 1000 of p1,');
  await expect(take(61, 11)).rejects.toThrow(/ready: 1 of p\d+ missing\./);
  const given = await take(60, 11);
  expect(performance.now() - began).toBeLessThan(1_000);
  expect(new Set(given.flatMap((one) => one.vms)).size).toBe(720);
});
