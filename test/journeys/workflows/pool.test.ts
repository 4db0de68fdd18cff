import { afterAll, beforeAll, expect, it } from 'vitest';
import { keeperId } from '../../../domain/pool-keeper.ts';
import { SYSTEM } from '../../../domain/principal.ts';
import { findEntry } from '../../../store/pool-entry.ts';
import { listWaits } from '../../../store/pool-wait.ts';
import { leftSince, type PoolLab, poolLab } from './pool-lab.ts';
import type { Snapshot } from './snapshot.ts';
import { keepNodes, startWorld, type World } from './world.ts';

let world: World;
let lab: PoolLab;
let empty: Snapshot;

beforeAll(async () => {
  world = await startWorld();
  lab = poolLab(world);
  await lab.profile();
  empty = world.snapshot();
});
afterAll(() => world.close());

it('fills a pool, refills it after a checkout, deletes what is given back, and ends with the pool', async () => {
  await keepNodes(world);
  await lab.pool('p1', 3);
  await lab.holds('p1', 'ready', 3);
  const [one, two] = await lab.take('p1', 2);
  await lab.holds('p1', 'ready', 3);
  expect(await lab.count('p1', 'running')).toBe(2);
  for (const name of [one ?? '', two ?? '']) await world.services.poolVms.release('anyone', name);
  await world.until(async () => (await findEntry(world.store.read, two ?? ''))?.state === 'destroyed');
  await lab.holds('p1', 'completed', 0);
  await world.services.pools.remove(SYSTEM, 'p1');
  await world.client.workflow.getHandle(keeperId('p1')).result();
  expect(leftSince(empty, world.snapshot())).toEqual([]);
});

it('serves a checkout that waits as soon as there is enough, first come first', async () => {
  await keepNodes(world);
  await lab.pool('p2', 2);
  await lab.holds('p2', 'ready', 2);
  await lab.take('p2', 2);
  const order: string[] = [];
  const wait = async (who: string) => {
    const { signal } = new AbortController();
    const asked = [{ name: 'p2', count: 2 }];
    const given = await world.services.checkouts.take('anyone', asked, { waitMs: 30_000, gone: false, signal });
    order.push(who);
    return given;
  };
  const first = wait('first');
  await world.until(async () => (await listWaits(world.store.read, Date.now())).length === 1);
  const second = wait('second');
  const names = [...(await first), ...(await second)].flatMap(({ vms }) => vms);
  expect(new Set(names).size).toBe(4);
  expect(order).toEqual(['first', 'second']);
  await world.services.pools.remove(SYSTEM, 'p2');
});

it('goes on after its workflow was terminated, woken by anybody', async () => {
  await keepNodes(world);
  await lab.pool('p3', 1);
  await lab.holds('p3', 'ready', 1);
  await world.client.workflow.getHandle(keeperId('p3')).terminate();
  await lab.take('p3', 1);
  await lab.holds('p3', 'ready', 1);
  await world.services.pools.remove(SYSTEM, 'p3');
});
