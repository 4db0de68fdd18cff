import { SYSTEM } from '../../../domain/principal.ts';
import type { VmPoolWish } from '../../../domain/vm-pool.ts';
import { countEntries } from '../../../store/pool-entry.ts';
import { poolWish } from '../../pool-rows.ts';
import { difference, type Snapshot } from './snapshot.ts';
import type { World } from './world.ts';

/** What is left in the world since `before`, without the records that VM pools keep of what was. */
export const leftSince = (before: Snapshot, now: Snapshot): readonly string[] =>
  difference(before, now).filter((line) => !/^left: row pool_(entries|days|totals) /.test(line));

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
      services.pools.create(SYSTEM, poolWish({ name, profile: 'pooled', size, ...change })),
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
