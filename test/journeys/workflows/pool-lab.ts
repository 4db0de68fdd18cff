import { SYSTEM } from '../../../domain/principal.ts';
import type { VmPoolWish } from '../../../domain/vm-pool.ts';
import { countEntries } from '../../../store/pool-entry.ts';
import type { World } from './world.ts';

/** VM pools of a world, whose VMs are made of next to nothing. */
export function poolLab(world: World) {
  const { services, store } = world;
  const count = async (name: string, state: string): Promise<number> =>
    (await countEntries(store.read)).find((row) => row.pool === name && row.state === state)?.count ?? 0;
  return {
    count,
    profile: () =>
      services.profiles.apply(SYSTEM, {
        name: 'pooled',
        system: { vcpus: 1, memoryMiB: 128 },
        networks: [],
        disks: [{ id: 'sda', pool: 'vms', sizeGiB: 1 }],
        arguments: {},
        wait: 'running',
      }),
    pool: (name: string, size: number, change: Partial<VmPoolWish> = {}) =>
      services.pools.create(SYSTEM, {
        ...{ name, template: name, profile: 'pooled', args: [], size, aliases: [], cloneTarget: null },
        ...{ timeoutMin: null, readyTtlMin: null, maxClones: null, lifetimeHours: null, maxLifetimeHours: null },
        ...{ probePort: null, ...change },
      }),
    remove: (name: string) => services.pools.remove(SYSTEM, name),
    /** What the schedule does, without waiting for its minute. */
    wake: (name: string) => world.wakePool(name),
    /** Resolves when so many entries are in this state; `nudge` is called whenever a second has gone by in vain. */
    holds: async (name: string, state: string, wanted: number, nudge?: () => Promise<void>) => {
      const beat = setInterval(() => void nudge?.(), 1_000);
      try {
        await world.until(async () => (await count(name, state)) === wanted);
      } finally {
        clearInterval(beat);
      }
    },
    take: async (name: string, wanted: number): Promise<readonly string[]> => {
      const options = { waitMs: 0, signal: new AbortController().signal };
      const given = await services.checkouts.take('anyone', [{ name, count: wanted }], options);
      return given.flatMap(({ vms }) => vms);
    },
  };
}

export type PoolLab = ReturnType<typeof poolLab>;
