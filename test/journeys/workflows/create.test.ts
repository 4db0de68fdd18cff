import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreateVm } from '../../../domain/plan.ts';
import { acceptChange, acceptCreation } from './accept.ts';
import { eachCallUnwinds } from './each-call.ts';
import { difference } from './snapshot.ts';
import { startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

describe('vm/create', () => {
  it.each<[string, Partial<CreateVm>]>([
    ['everything', {}],
    ['without an install script, not started', { install: false, start: false, seed: 'metadata' }],
    ['disks only', { define: false }],
  ])('leaves nothing behind, wherever it is struck: %s', async (_, change) => {
    await eachCallUnwinds(world, async () => acceptCreation(world.store, change), {
      ends: async (task) => {
        const { vm } = task.input as CreateVm;
        const gone = await world.run(acceptChange(world.store, vm, 'delete'));
        expect(gone).toMatchObject({ state: 'SUCCESS', error: null });
      },
    });
  });

  it('leaves a VM that is deleted without a trace', async () => {
    const before = world.snapshot();
    const made = await world.run(acceptCreation(world.store, {}));
    expect(made).toMatchObject({ state: 'SUCCESS', current: made.total, error: null });
    const gone = await world.run(acceptChange(world.store, (made.input as CreateVm).vm, 'delete'));
    expect(gone).toMatchObject({ state: 'SUCCESS', current: gone.total, error: null });
    expect(difference(before, world.snapshot())).toEqual([]);
  });
});
