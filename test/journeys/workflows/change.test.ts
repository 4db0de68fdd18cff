import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../../api/core/vm-change.ts';
import type { VmId } from '../../../domain/ids.ts';
import type { ChangeVm, CreateVm } from '../../../domain/plan.ts';
import type { Disk } from '../../../domain/volume.ts';
import { findNetwork } from '../../../store/network.ts';
import type { TaskRow } from '../../../store/task.ts';
import { findVm } from '../../../store/vm.ts';
import { findVolume } from '../../../store/volume.ts';
import { acceptChange, acceptCreation, acceptRemoval, acceptVolumeRemoval } from './accept.ts';
import { eachCallUnwinds } from './each-call.ts';
import { difference } from './snapshot.ts';
import { INJECTED } from './tamper.ts';
import { keepNodes, NODES, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const change = async (vm: VmId, action: Change) => {
  await keepNodes(world);
  const task = await world.run(acceptChange(world.store, vm, action));
  expect(task, action).toMatchObject({ state: 'SUCCESS', current: task.total, error: null });
};
const stateOf = async (vm: VmId) => (await findVm(world.store.read, vm))?.state;
const make = async (): Promise<VmId> => {
  const task = await world.run(acceptCreation(world.store, { wait: 'nothing' }));
  expect(task.state).toBe('SUCCESS');
  return (task.input as CreateVm).vm;
};

describe('a VM', () => {
  it('starts, restarts, shuts down, stops and goes', async () => {
    const before = world.snapshot();
    const vm = await make();
    const states: unknown[] = [await stateOf(vm)];
    for (const action of ['stop', 'start', 'restart', 'shutdown', 'start', 'delete'] as const) {
      await change(vm, action);
      states.push(await stateOf(vm));
    }
    expect(states).toEqual(['running', 'stopped', 'running', 'running', 'stopped', 'running', undefined]);
    expect(difference(before, world.snapshot())).toEqual([]);
  });

  it.each<[Change, readonly Change[]]>([
    ['start', ['stop']],
    ['stop', ['start']],
    ['shutdown', ['start']],
    ['restart', []],
  ])('is as before, or failed with the reason, wherever its %s is struck', async (action, back) => {
    const vm = await make();
    if (action === 'start') await change(vm, 'stop');
    const before = await stateOf(vm);
    await eachCallUnwinds(world, () => acceptChange(world.store, vm, action), {
      deaf: action === 'stop',
      ends: async () => {
        for (const next of back) await change(vm, next);
      },
      settle: async (row, line) => {
        // The console goes on with what the guest says when it starts again.
        if (/^changed: file .*(consoles|domains)/.test(line)) return true;
        if (!line.startsWith('changed: row vms')) return false;
        const { state, failed_reason: reason } = JSON.parse(line.slice(line.lastIndexOf(' -> ') + 4));
        const failed = row.state === 'FAILURE' && state === 'failed' && reason.includes(INJECTED);
        return failed || state === before;
      },
      restore: async () => {
        if ((await stateOf(vm)) !== 'failed') return;
        await change(vm, 'stop');
        if (action !== 'start') await change(vm, 'start');
      },
    });
    await change(vm, 'delete');
  });

  it.each([true, false])('can be deleted again wherever its deletion is struck; with disks: %s', async (withDisks) => {
    const vms: VmId[] = [];
    await eachCallUnwinds(
      world,
      async () => {
        vms.push(await make());
        return acceptChange(world.store, vms.at(-1)!, 'delete', withDisks);
      },
      {
        deaf: true,
        ends: async () => expect(await stateOf(vms.at(-1)!)).toBe(undefined),
        settle: async () => true,
        restore: async (row) => {
          const vm = vms.at(-1)!;
          const now = await findVm(world.store.read, vm);
          if (row.state === 'FAILURE' && now) {
            expect(now).toMatchObject({
              state: 'failed',
              changing: null,
              failedReason: expect.stringContaining(INJECTED),
            });
            await change(vm, 'delete');
          }
          // Kept disks belong to nobody; nothing else is left.
          const left = Object.keys(world.snapshot()).filter((key) => key.includes(vm.slice(0, 8)));
          expect(left.filter((key) => withDisks || !/^(row volumes|file .*pools)/.test(key))).toEqual([]);
        },
      },
    );
  });
});

describe('a network', () => {
  it('is removed from every node, or can be removed again, wherever that is struck', async () => {
    const { store } = world;
    await eachCallUnwinds(world, () => acceptRemoval(store, 200, NODES), {
      deaf: true,
      ends: async () => expect(await findNetwork(store.read, 200 as never)).toBe(undefined),
      settle: async (_, line) => line.includes('networks'),
      restore: async (row) => {
        const still = await findNetwork(store.read, 200 as never);
        if (row.state !== 'SUCCESS' && still) expect(still.removing).toBe(null);
      },
    });
  });
});

describe('a volume that outlived its VM', () => {
  it('goes without a trace, or can be removed again, wherever that is struck', async () => {
    const { store } = world;
    const [disk] = await keptDisks();
    const names: string[] = [];
    await eachCallUnwinds(
      world,
      async () => {
        const [next] = names.length === 0 ? [disk!] : await keptDisks();
        names.push(next!.volume);
        return acceptVolumeRemoval(store, next!);
      },
      {
        deaf: true,
        ends: async () => expect(traces(names.at(-1)!)).toEqual([]),
        settle: async (_, line) => line.includes('volumes') || line.includes('pools'),
        restore: async (row) => {
          if (row.state !== 'SUCCESS') await again(row);
          expect(traces(names.at(-1)!)).toEqual([]);
        },
      },
    );
    expect(names.length).toBeGreaterThan(5);
  });

  /** Disks of a VM that was deleted without them. */
  async function keptDisks() {
    const vm = await make();
    const { disks } = await acceptedDeletion(vm);
    return disks;
  }

  async function acceptedDeletion(vm: VmId): Promise<ChangeVm> {
    const row = await world.run(acceptChange(world.store, vm, 'delete', false));
    expect(row.state).toBe('SUCCESS');
    return row.input as ChangeVm;
  }

  /** Its last step may have been done although it failed. */
  async function again({ target }: TaskRow): Promise<void> {
    const [pool = '', name = ''] = target.split('/');
    const found = await findVolume(world.store.read, pool, name);
    if (!found) return;
    expect(found.volume.removing).toBe(null);
    const row = await world.run(acceptVolumeRemoval(world.store, { pool, name } as Disk));
    expect(row.state).toBe('SUCCESS');
  }

  const traces = (volume: string): readonly string[] =>
    Object.keys(world.snapshot()).filter((key) => key.includes(volume));
});

describe('a creation that cannot be undone', () => {
  it.each(['removeLeases', 'removeVolume:sda', 'undefineDomain', 'removeSeed'])(
    'leaves the VM failed, says that %s got stuck, and undoes everything else',
    async (stuck) => {
      const before = world.snapshot();
      const task = await world.tamper.during(
        async ({ label }, work) => {
          if (label !== 'awaitGuest' && label !== stuck) return work();
          throw ApplicationFailure.nonRetryable(`${label} was ${INJECTED}.`, 'internal');
        },
        () => world.run(acceptCreation(world.store, {})),
      );
      const { vm } = task.input as CreateVm;
      expect(task).toMatchObject({ state: 'FAILURE', error: expect.stringContaining(`awaitGuest was ${INJECTED}`) });
      expect(task.error).toContain(`Could not be undone: `);
      expect(task.error).toContain(`${stuck} was ${INJECTED}`);
      const row = await findVm(world.store.read, vm);
      expect(row).toMatchObject({ state: 'failed', changing: null });
      expect(row?.failedReason).toContain(`${stuck} was ${INJECTED}`);
      const left = difference(before, world.snapshot()).filter((line) => line.startsWith('left: file'));
      expect(left.length).toBeGreaterThan(0);
      expect(left.filter((line) => !LEFT_BY[stuck]?.test(line))).toEqual([]);
      await change(vm, 'delete');
      expect(difference(before, world.snapshot())).toEqual([]);
    },
  );
});

/** What is left where the undo of one thing gets stuck. */
const LEFT_BY: Readonly<Record<string, RegExp>> = {
  removeLeases: /leases/,
  'removeVolume:sda': /_sda-/,
  undefineDomain: /domains|consoles/,
  removeSeed: /seeds/,
};
