import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { workflowBundle } from '../../../cli/temporal/bundle.ts';
import { loadKey } from '../../../cli/temporal/codec.ts';
import { dataConverter } from '../../../cli/temporal/connection.ts';
import { keeperId } from '../../../domain/pool-keeper.ts';
import { poolEntries } from '../../../store/schema/vm-pool.ts';
import { looks, type PoolLab, poolLab } from './pool-lab.ts';
import { INJECTED_FAILURE } from './tamper.ts';
import { keepNodes, startWorld, type World } from './world.ts';

let world: World;
let lab: PoolLab;

beforeAll(async () => {
  world = await startWorld();
  lab = poolLab(world);
  await lab.probedProfile();
});
afterAll(() => world.close());

it('asks a guest that refuses again after two seconds, and not at once', async () => {
  await keepNodes(world);
  const guest = looks((count) => count > 2);
  await world.tamper.during(guest.around, async () => {
    const begun = Date.now();
    await lab.pool('slow', 1, { profile: 'probed', probePort: 22 });
    await lab.holds('slow', 'ready', 1);
    expect(Date.now() - begun).toBeGreaterThan(4_000);
  });
  expect(guest.count()).toBe(3);
  await lab.remove('slow');
});

it('keeps a ready VM whose node cannot say how it is', async () => {
  await keepNodes(world);
  const guest = looks(() => true);
  await world.tamper.during(guest.around, async () => {
    await lab.pool('kept', 1, { profile: 'probed', probePort: 22 });
    await lab.holds('kept', 'ready', 1);
  });
  const mute = looks(() => {
    throw INJECTED_FAILURE();
  });
  await world.tamper.during(mute.around, async () => {
    await world.store.write((tx) => tx.update(poolEntries).set({ probedAt: 0 }) as Promise<unknown>);
    await lab.wake('kept');
    await vi.waitFor(() => expect(mute.count()).toBeGreaterThan(1), 15_000);
  });
  expect(await lab.count('kept', 'ready')).toBe(1);
  await lab.remove('kept');
});

it('can be replayed, whoever wakes its keeper while guests are looked at', async () => {
  await keepNodes(world);
  const guests = looks((count) => count > 60);
  await world.tamper.during(guests.around, async () => {
    await lab.pool('woken', 4, { profile: 'probed', probePort: 22 });
    await lab.holds('woken', 'ready', 4, () => lab.wake('woken'), 80);
  });
  const history = await world.client.workflow.getHandle(keeperId('woken')).fetchHistory();
  // All of it: its run has not begun anew meanwhile.
  expect(history.events?.length).toBeGreaterThan(200);
  const { codePath } = await workflowBundle(join(world.dir, 'bundle'));
  const options = { workflowBundle: { codePath }, dataConverter: dataConverter(await loadKey(world.dir)) };
  await Worker.runReplayHistory({ ...options, replayName: 'woken' }, history, keeperId('woken'));
  await lab.remove('woken');
});
