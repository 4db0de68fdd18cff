import type { PoolKeeper, PoolLook, PoolTurn } from '../domain/pool-keeper.ts';

/** Activities of VM pools' workflows, on the queue `control`. */
export interface PoolActivities {
  /** One turn of the pool's keeper at `now` (epoch ms) by the engine's clock, or later; null when the pool is gone. */
  keepPool(pool: string, now: number): Promise<PoolTurn | null>;
  recordProbes(pool: string, found: readonly PoolLook[], now: number): Promise<void>;
  /** These pools' keepers take a turn now, and begin to if they do not run; every pool's with null. */
  wakePools(pools: readonly string[] | null): Promise<void>;
}

export const poolActivities = (keeper: PoolKeeper, wake: (pool: string) => Promise<void>): PoolActivities => ({
  keepPool: keeper.keep,
  recordProbes: keeper.probed,
  wakePools: async (pools) => {
    for (const pool of pools ?? (await keeper.pools())) await wake(pool);
  },
});
