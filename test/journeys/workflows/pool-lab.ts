import type { Vni } from '../../../domain/ids.ts';
import { SYSTEM } from '../../../domain/principal.ts';
import type { VmPoolWish } from '../../../domain/vm-pool.ts';
import { countEntries } from '../../../store/pool-entry.ts';
import { poolWish } from '../../pool-rows.ts';
import { difference, type Snapshot } from './snapshot.ts';
import type { Around } from './tamper.ts';
import type { World } from './world.ts';

/** What is left in the world since `before`, without the records that VM pools keep of what was. */
export const leftSince = (before: Snapshot, now: Snapshot): readonly string[] =>
  difference(before, now).filter((line) => !/^left: row pool_(entries|days|totals) /.test(line));

const PROBED = 120 as Vni;

/** VM pools of a world, whose VMs are made of next to nothing. */
export function poolLab(world: World) {
  const { services, store } = world;
  const profile = (name: string, networks: readonly Vni[]) =>
    services.profiles.apply(SYSTEM, {
      ...{ name, networks, system: { vcpus: 1, memoryMiB: 128 }, arguments: {}, wait: 'running' },
      disks: [{ id: 'sda', pool: 'vms', sizeGiB: 1 }],
    });
  const count = async (name: string, state: string): Promise<number> =>
    (await countEntries(store.read)).find((row) => row.pool === name && row.state === state)?.count ?? 0;
  return {
    count,
    profile: () => profile('pooled', []),
    /** A profile `probed` of guests that have an address to be asked at. */
    probedProfile: async () => {
      const dhcp = { start: '10.120.0.10', end: '10.120.0.99' };
      await services.networks.create(SYSTEM, {
        ...{
          vni: PROBED,
          description: 'probed',
          type: 'managed',
          mtu: null,
          domain: null,
          nameServers: [],
          nat: false,
        },
        ip4: { network: '10.120.0.0/24', gateway: '10.120.0.1', dhcp },
      });
      await profile('probed', [PROBED]);
    },
    pool: (name: string, size: number, change: Partial<VmPoolWish> = {}) =>
      services.pools.create(SYSTEM, poolWish({ name, profile: 'pooled', size, ...change })),
    remove: (name: string) => services.pools.remove(SYSTEM, name),
    /** What the schedule does, without waiting for its minute. */
    wake: (name: string) => world.wakePool(name),
    /** Resolves when so many entries are in this state; `nudge` is called whenever a second, or so many ms, have gone by in vain. */
    holds: async (name: string, state: string, wanted: number, nudge?: () => Promise<void>, everyMs = 1_000) => {
      const beat = setInterval(() => void nudge?.(), everyMs);
      try {
        await world.until(async () => (await count(name, state)) === wanted);
      } finally {
        clearInterval(beat);
      }
    },
    take: async (name: string, wanted: number): Promise<readonly string[]> => {
      const options = { waitMs: 0, gone: false, signal: new AbortController().signal };
      const given = await services.checkouts.take('anyone', [{ name, count: wanted }], options);
      return given.flatMap(({ vms }) => vms);
    },
  };
}

/** Looks at guests are answered like this, by their number; `count()` of them were taken. */
export function looks(answer: (number: number) => boolean): { readonly around: Around; readonly count: () => number } {
  let count = 0;
  const around: Around = async (call, work) => {
    if (!call.label.startsWith('probeGuest')) return work();
    count += 1;
    return answer(count);
  };
  return { around, count: () => count };
}

export type PoolLab = ReturnType<typeof poolLab>;
