import { afterAll, beforeAll, expect, it } from 'vitest';
import { keeperId } from '../../../domain/pool-keeper.ts';
import { SYSTEM } from '../../../domain/principal.ts';
import type { VmPoolWish } from '../../../domain/vm-pool.ts';
import { countEntries, findEntry } from '../../../store/pool-entry.ts';
import { difference, type Snapshot } from './snapshot.ts';
import { keepNodes, startWorld, type World } from './world.ts';

let world: World;
let empty: Snapshot;

beforeAll(async () => {
  world = await startWorld();
  await world.services.profiles.apply(SYSTEM, {
    name: 'pooled',
    system: { vcpus: 1, memoryMiB: 128 },
    networks: [],
    disks: [{ id: 'sda', pool: 'vms', sizeGiB: 1 }],
    arguments: {},
    wait: 'running',
  });
  empty = world.snapshot();
});
afterAll(() => world.close());

const pool = (name: string, size: number, change: Partial<VmPoolWish> = {}) =>
  world.services.pools.create(SYSTEM, {
    ...{ name, template: name, profile: 'pooled', args: [], size, aliases: [], cloneTarget: null, timeoutMin: null },
    ...{ readyTtlMin: null, maxClones: null, lifetimeHours: null, maxLifetimeHours: null, probePort: null },
    ...change,
  });
const count = async (name: string, state: string): Promise<number> =>
  (await countEntries(world.store.read)).find((row) => row.pool === name && row.state === state)?.count ?? 0;
const holds = (name: string, state: string, wanted: number) =>
  world.until(async () => (await count(name, state)) === wanted);
const take = async (name: string, wanted: number) => {
  const signal = new AbortController().signal;
  const given = await world.services.checkouts.take('anyone', [{ name, count: wanted }], { waitMs: 0, signal });
  return given.flatMap(({ vms }) => vms);
};

it('fills a pool, refills it after a checkout, deletes what is given back, and ends with the pool', async () => {
  await keepNodes(world);
  await pool('p1', 3);
  await holds('p1', 'ready', 3);
  const [one, two] = await take('p1', 2);
  await holds('p1', 'ready', 3);
  expect(await count('p1', 'running')).toBe(2);
  for (const name of [one ?? '', two ?? '']) await world.services.poolVms.release('anyone', name);
  await world.until(async () => (await findEntry(world.store.read, two ?? ''))?.state === 'destroyed');
  await holds('p1', 'completed', 0);
  await world.services.pools.remove(SYSTEM, 'p1');
  await world.client.workflow.getHandle(keeperId('p1')).result();
  const records = /^left: row pool_(entries|days) /;
  expect(difference(empty, world.snapshot()).filter((line) => !records.test(line))).toEqual([]);
});

it('serves a checkout that waits as soon as there is enough, first come first', async () => {
  await keepNodes(world);
  await pool('p2', 2);
  await holds('p2', 'ready', 2);
  await take('p2', 2);
  const order: string[] = [];
  const wait = async (who: string) => {
    const { signal } = new AbortController();
    const asked = [{ name: 'p2', count: 2 }];
    const given = await world.services.checkouts.take('anyone', asked, { waitMs: 30_000, signal });
    order.push(who);
    return given;
  };
  const first = wait('first');
  await world.until(async () =>
    (await import('../../../store/pool-wait.ts'))
      .listWaits(world.store.read, Date.now())
      .then((rows) => rows.length === 1),
  );
  const second = wait('second');
  const names = [...(await first), ...(await second)].flatMap(({ vms }) => vms);
  expect(new Set(names).size).toBe(4);
  expect(order).toEqual(['first', 'second']);
  await world.services.pools.remove(SYSTEM, 'p2');
});

it('goes on after its workflow was terminated, woken by anybody', async () => {
  await keepNodes(world);
  await pool('p3', 1);
  await holds('p3', 'ready', 1);
  await world.client.workflow.getHandle(keeperId('p3')).terminate();
  await take('p3', 1);
  await holds('p3', 'ready', 1);
  await world.services.pools.remove(SYSTEM, 'p3');
});
