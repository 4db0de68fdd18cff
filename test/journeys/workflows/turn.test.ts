import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { CreateVm } from '../../../domain/plan.ts';
import { workflowId } from '../../../domain/task.ts';
import type { TaskRow } from '../../../store/task.ts';
import { listVms } from '../../../store/vm.ts';
import { createCommand } from '../../workflows/commands.ts';
import { acceptChange, acceptCollection, acceptCreation, keepBase } from './accept.ts';
import { difference } from './snapshot.ts';
import { keepNodes, NODES, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => keepNodes(world, 1));

const accept = (change: Partial<CreateVm> = {}) => acceptCreation(world.store, { wait: 'nothing', ...change });
const callsOf = ({ id }: TaskRow) =>
  world.tamper.calls.filter(({ workflow, onNode }) => onNode && workflow === workflowId(id)).map(({ label }) => label);
const waits = (task: TaskRow) =>
  world.until(async () => (await world.task(task)).status.includes('waiting for its turn on hv1'));

/** Runs `body` while `task` is held at this call; it goes on when the body is through. */
async function heldAt(label: string, task: TaskRow, body: () => Promise<void>): Promise<void> {
  const reached = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  await world.tamper.during(
    async (call, work) => {
      if (call.label === label && call.workflow === workflowId(task.id)) {
        reached.resolve();
        await free.promise;
      }
      return work();
    },
    async () => {
      await world.start(task);
      await reached.promise;
      try {
        await body();
      } finally {
        free.resolve();
      }
      expect(await world.ended(task)).toMatchObject({ state: 'SUCCESS' });
    },
  );
}

async function removeAll(): Promise<void> {
  for (const { id } of await listVms(world.store.read, {})) await world.run(acceptChange(world.store, id, 'delete'));
}

it('keeps a creation waiting while its node works on as many as it is to, and tells it at once of its turn', async () => {
  const before = world.snapshot();
  const [first, second] = [await accept(), await accept()];
  await heldAt('install', first, async () => {
    await world.start(second);
    await waits(second);
    expect(callsOf(second)).toEqual([]);
  });
  expect(await world.ended(second)).toMatchObject({ state: 'SUCCESS' });
  const { calls } = world.tamper;
  const begun = calls.findIndex(({ workflow, onNode }) => onNode && workflow === workflowId(second.id));
  const started = calls.findIndex(
    ({ label, workflow }) => label === 'startDomain' && workflow === workflowId(first.id),
  );
  expect(begun).toBeGreaterThan(started);
  await removeAll();
  expect(difference(before, world.snapshot())).toEqual([]);
});

it('lets the next one go while a guest is waited for', async () => {
  const [first, second] = [await accept({ wait: 'cloud-init' }), await accept()];
  await heldAt('awaitGuest', first, async () => {
    expect(await world.run(second)).toMatchObject({ state: 'SUCCESS' });
  });
  await removeAll();
});

it('lets the next ones go while a base image is built that several wait for, and then those in their order', async () => {
  await keepNodes(world, 2);
  const before = world.snapshot();
  const base = await keepBase(world.store, createCommand().disks, 'slow to build');
  const built = Promise.withResolvers<void>();
  const [builder, waiter, other] = [await accept({ base }), await accept({ base }), await accept()];
  await world.tamper.during(
    async ({ label }, work) => {
      if (label === 'build') await built.promise;
      return work();
    },
    async () => {
      await world.start(builder);
      await world.until(async () => (await world.task(builder)).status.includes('base image: build'));
      await world.start(waiter);
      expect(await world.run(other)).toMatchObject({ state: 'SUCCESS' });
      const more = await accept();
      await heldAt('install', more, async () => {
        built.resolve();
        expect(await world.ended(builder)).toMatchObject({ state: 'SUCCESS' });
        expect(await world.ended(waiter)).toMatchObject({ state: 'SUCCESS' });
      });
    },
  );
  await removeAll();
  await world.run(await acceptCollection(world.store, base, NODES[0]!));
  expect(difference(before, world.snapshot())).toEqual([]);
});

it('ends a creation that is cancelled while it waits, and lets the one behind it go', async () => {
  const [first, second, third] = [await accept(), await accept(), await accept()];
  await heldAt('install', first, async () => {
    await world.start(second);
    await world.start(third);
    await waits(second);
    await waits(third);
    await world.cancel(second);
    expect(await world.ended(second)).toMatchObject({ state: 'REVOKED', error: null });
    expect(callsOf(second)).toEqual([]);
  });
  expect(await world.ended(third)).toMatchObject({ state: 'SUCCESS' });
  await removeAll();
});

it('gives the turn of one that failed to the next', async () => {
  const [first, second] = [await accept({ disks: [] }), await accept()];
  await world.tamper.during(
    async (call, work) => {
      if (call.label === 'ensureNics' && call.workflow === workflowId(first.id)) {
        await waits(second);
        throw ApplicationFailure.nonRetryable('no bridge', 'internal');
      }
      return work();
    },
    async () => {
      await Promise.all([world.start(first), world.start(second)]);
      expect(await world.ended(first)).toMatchObject({ state: 'FAILURE' });
      expect(await world.ended(second)).toMatchObject({ state: 'SUCCESS' });
    },
  );
  await removeAll();
});
