import { HOUR_MS, lifetimeOf } from '../../../domain/vm-pool.ts';
import type { Db } from '../../../store/open.ts';
import { orphanedPools } from '../../../store/pool-entry.ts';
import { restampExpiry } from '../../../store/pool-turn.ts';
import { listPools, poolLifetime, poolSettings } from '../../../store/vm-pool.ts';

/** VMs that are checked out of the pool without a lifetime of their own run out by the pool's, else by the settings'. */
export async function applyLifetime(tx: Db, pool: string): Promise<void> {
  const hours = lifetimeOf({ lifetimeHours: null }, await poolLifetime(tx, pool), await poolSettings(tx));
  await restampExpiry(tx, pool, hours * HOUR_MS);
}

/** The same of all pools, of those that are gone, too; returns their names. */
export async function applyLifetimes(tx: Db): Promise<readonly string[]> {
  const known = (await listPools(tx)).map(({ name }) => name);
  const all = [...known, ...(await orphanedPools(tx, known))];
  for (const pool of all) await applyLifetime(tx, pool);
  return all;
}
