import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controlActivities } from '../../../activities/control.ts';
import { scriptFailed } from '../../../domain/fault.ts';
import type { BaseKey } from '../../../domain/ids.ts';
import type { CreateVm } from '../../../domain/plan.ts';
import { workflowId } from '../../../domain/task.ts';
import { findBaseImage } from '../../../store/base-image.ts';
import { listTasks, type TaskRow } from '../../../store/task.ts';
import { createCommand } from '../../workflows/commands.ts';
import { acceptChange, acceptCollection, acceptCreation, keepBase, taskOf } from './accept.ts';
import { eachCallUnwinds } from './each-call.ts';
import { difference } from './snapshot.ts';
import { INJECTED } from './tamper.ts';
import { NODES, startWorld, type World } from './world.ts';

const NODE = NODES[0]!;
let world: World;
let base: BaseKey;
beforeAll(async () => {
  world = await startWorld();
  base = await recipe();
});
afterAll(() => world.close());

/** Kept anew by everybody who wants the image, since it goes with the image. */
const recipe = () => keepBase(world.store, createCommand().disks, 'shared');

/** Asks for the image as a VM would, and returns the build's accepted task. */
async function acceptBuild(): Promise<TaskRow> {
  await recipe();
  const claim = await controlActivities(world.store).claimBase(base, NODE, 'nobody');
  if (claim.is !== 'build') throw new Error(`bug: the claim was answered with ${claim.is}`);
  await controlActivities(world.store).leaveBase(base, NODE, 'nobody');
  return taskOf(world.store, claim.build);
}

const collect = () => world.run(acceptCollection(world.store, base, NODE));
const create = async (change: Partial<CreateVm> = {}) =>
  acceptCreation(world.store, { base: await recipe(), ...change });
const remove = (task: TaskRow) => world.run(acceptChange(world.store, (task.input as CreateVm).vm, 'delete'));
const builds = async (): Promise<readonly TaskRow[]> => {
  const tasks = await listTasks(world.store.read, { active: false, limit: 1_000 });
  return tasks.filter((task) => task.kind === 'image.build');
};
/** Builds that other tests have not made. */
const newBuilds = async (before: readonly TaskRow[]): Promise<readonly TaskRow[]> => {
  const fresh = (await builds()).filter(({ id }) => !before.some((known) => known.id === id));
  return Promise.all(fresh.map((task) => world.ended(task)));
};

/** Resolves when an activity of this name is called; it goes on when `release` is called. */
function gate(name: string) {
  const reached = Promise.withResolvers<void>();
  const open = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    release: open.resolve,
    around: async ({ label }: { readonly label: string }, work: () => Promise<unknown>) => {
      if (label === name) {
        reached.resolve();
        await open.promise;
      }
      return work();
    },
  };
}

describe('image/build', () => {
  it('leaves nothing behind, wherever it is struck', async () => {
    await eachCallUnwinds(world, acceptBuild, {
      ends: async () => expect(await collect()).toMatchObject({ state: 'SUCCESS', error: null }),
    });
  });

  it('fails everybody who waits, once, if it would fail again', async () => {
    const before = world.snapshot();
    const known = await builds();
    const held = gate('claimBase');
    const tasks = await world.tamper.during(
      async (call, work) => {
        if (call.label === 'build') {
          throw scriptFailed('SyntaxError: this script is none');
        }
        return held.around(call, work);
      },
      async () => {
        const started = await Promise.all([world.start(create()), world.start(create())]);
        await held.reached;
        held.release();
        return Promise.all(started.map(world.ended));
      },
    );
    for (const task of tasks)
      expect(task).toMatchObject({ state: 'FAILURE', error: 'Base image: SyntaxError: this script is none' });
    expect(difference(before, world.snapshot())).toEqual([]);
    for (const task of await newBuilds(known)) expect(task.state).toBe('FAILURE');
  });

  it('is shared by two creations, and cloned by a third', async () => {
    const before = world.snapshot();
    const known = await builds();
    const held = gate('build');
    const pair = await world.tamper.during(held.around, async () => {
      const started = await Promise.all([world.start(create()), world.start(create())]);
      await held.reached;
      held.release();
      return Promise.all(started.map(world.ended));
    });
    const third = await world.run(create());
    expect([...pair, third].map(({ state, error }) => error ?? state)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect((await newBuilds(known)).map((task) => task.state)).toEqual(['SUCCESS']);
    expect(await collect()).toMatchObject({ state: 'FAILURE', error: expect.stringContaining('cloned from') });
    expect((await findBaseImage(world.store.read, base, NODE))?.state).toBe('ready');
    for (const task of [...pair, third]) await remove(task);
    expect(await collect()).toMatchObject({ state: 'SUCCESS' });
    expect(difference(before, world.snapshot())).toEqual([]);
  });

  it('is done anew by those who wait when it is cancelled, and goes away with the last of them', async () => {
    const before = world.snapshot();
    const known = await builds();
    const held = gate('build');
    const task = await world.tamper.during(held.around, async () => {
      const started = await world.start(create());
      await held.reached;
      await world.cancel(started);
      const ended = await world.ended(started);
      held.release();
      return ended;
    });
    expect(task).toMatchObject({ state: 'REVOKED', error: null });
    expect((await newBuilds(known)).map((build) => build.state)).toEqual(['REVOKED']);
    expect(difference(before, world.snapshot())).toEqual([]);
  });

  it('tells those who wait when an operator terminates it', async () => {
    const known = await builds();
    const held = gate('build');
    const tasks = await world.tamper.during(held.around, async () => {
      const first = await world.start(create());
      await held.reached;
      const second = await world.start(create());
      await world.until(async () => (await waiters()) === 2);
      const [build] = (await builds()).filter(({ id }) => !known.some((one) => one.id === id));
      await world.client.workflow.getHandle(workflowId(build!.id)).terminate('by an operator');
      held.release();
      return Promise.all([first, second].map(world.ended));
    });
    // Who began it is told; who merely waited has another one made.
    expect(tasks[0]).toMatchObject({ state: 'FAILURE', error: expect.stringContaining('terminated') });
    expect(tasks[1]).toMatchObject({ state: 'SUCCESS', error: null });
    await remove(tasks[1]!);
    expect(await collect()).toMatchObject({ state: 'SUCCESS' });
  });
});

const waiters = async (): Promise<number> =>
  Object.keys(world.snapshot()).filter((key) => key.startsWith('row base_waiters')).length;

describe('vm/create from a base image', () => {
  it('leaves nothing behind but the image, wherever it is struck', async () => {
    const first = await world.run(create());
    expect(first).toMatchObject({ state: 'SUCCESS', error: null });
    await remove(first);
    await eachCallUnwinds(world, () => create({ wait: 'running', seed: 'metadata' }), {
      ends: async (task) => expect(await remove(task)).toMatchObject({ state: 'SUCCESS' }),
    });
    expect(await collect()).toMatchObject({ state: 'SUCCESS' });
  });
});

describe('image/collect', () => {
  it('leaves the image whole or nothing of it, wherever it is struck', async () => {
    const calls = ['beginTask', 'removeVolume:sda', 'removeVolume:sdb', 'removeBaseFiles', 'forgetBase'];
    for (const label of calls)
      for (const when of ['before', 'after']) {
        // The store that cannot forget the image cannot be told anything else either.
        if (label === 'forgetBase' && when === 'before') continue;
        expect((await world.run(acceptBuild())).state).toBe('SUCCESS');
        const task = await world.tamper.during(
          async (call, work) => {
            if (call.label !== label) return work();
            if (when === 'after') await work();
            throw ApplicationFailure.nonRetryable(INJECTED, 'internal');
          },
          () => collect(),
        );
        expect(task).toMatchObject({ state: 'FAILURE', error: expect.stringContaining(INJECTED) });
        const still = await findBaseImage(world.store.read, base, NODE);
        // What is said to be ready can be cloned.
        if (still) expect((await world.run(create())).state, `${when} ${label}`).toBe('SUCCESS');
        for (const vm of await vms()) await world.run(acceptChange(world.store, vm as never, 'delete'));
        if (still) expect((await collect()).state).toBe('SUCCESS');
      }
  });
});

const vms = async (): Promise<readonly string[]> =>
  Object.keys(world.snapshot()).flatMap((key) => /^row vms (\S+)/.exec(key)?.[1] ?? []);
