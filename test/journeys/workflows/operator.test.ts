import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentAttempt } from '../../../activities/attempt.ts';
import type { NodeName } from '../../../domain/ids.ts';
import type { CreateVm } from '../../../domain/plan.ts';
import { workflowId } from '../../../domain/task.ts';
import type { TaskRow } from '../../../store/task.ts';
import { acceptChange, acceptCreation, acceptRemoval } from './accept.ts';
import { difference } from './snapshot.ts';
import { untilEnded } from './tamper.ts';
import { NODES, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const remove = (task: TaskRow) => world.run(acceptChange(world.store, (task.input as CreateVm).vm, 'delete'));

describe('the engine shows an operator', () => {
  it('what a task is, how far it is, and what it does, while all else is encrypted', async () => {
    const reached = Promise.withResolvers<void>();
    const open = Promise.withResolvers<void>();
    const task = await world.tamper.during(
      async ({ label }, work) => {
        if (label === 'awaitGuest') {
          reached.resolve();
          await open.promise;
        }
        return work();
      },
      async () => {
        const started = await world.start(acceptCreation(world.store, {}));
        await reached.promise;
        await expectLegible(started);
        open.resolve();
        return world.ended(started);
      },
    );
    expect(task).toMatchObject({ state: 'SUCCESS', error: null });
    await remove(task);
  });
});

async function expectLegible(task: TaskRow): Promise<void> {
  const { client } = world;
  const handle = client.workflow.getHandle(workflowId(task.id));
  const { searchAttributes, staticSummary } = await describeOf(handle);
  expect(searchAttributes).toMatchObject({
    TaskKind: ['provisioner.create'],
    VmName: [task.target],
    NodeName: [NODES[0]],
    Tenant: ['default'],
  });
  expect(staticSummary).toContain(`Create VM ${task.target}`);
  const metadata = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(metadata.currentDetails).toContain(`**Step ${task.total > 1 ? task.total : 10} of`);
  expect(metadata.currentDetails).toContain('- ✓ reserve\n');
  expect(metadata.currentDetails).toContain('- … wait for cloud-init');
  const { events } = await handle.fetchHistory();
  const summaries = (events ?? []).flatMap(({ userMetadata }) => String(userMetadata?.summary?.data ?? '') || []);
  expect(summaries.map((text) => text.replace(/[^\x20-\x7e]/g, ''))).toContain('"wait for cloud-init"');
  // The name of the disk's owner is in inputs only.
  expect(JSON.stringify(events)).not.toContain(Buffer.from(`"name":"${task.target}_sda"`).toString('base64'));
}

async function describeOf(handle: ReturnType<World['client']['workflow']['getHandle']>) {
  const description = await handle.describe();
  const summary = await description.staticSummary();
  return { searchAttributes: description.searchAttributes, staticSummary: summary };
}

describe('a node that goes away', () => {
  it('is waited for, and the task says so', async () => {
    const [node] = NODES as [NodeName];
    await world.stopNode();
    const task = await world.start(acceptCreation(world.store, { node, wait: 'nothing', start: false }));
    await world.until(async () => (await world.task(task)).status.includes(`waiting for node ${node}`));
    await world.startNode();
    const done = await world.ended(task);
    expect(done).toMatchObject({ state: 'SUCCESS', error: null });
    await remove(done);
  });

  it('is what the task says, though other nodes did what was asked of them later', async () => {
    await world.stopNode();
    const task = await world.start(acceptRemoval(world.store, 900, NODES));
    await world.until(
      async () => (await world.task(task)).status === `remove on ${NODES[0]}: waiting for node ${NODES[0]}`,
    );
    await world.startNode();
    expect(await world.ended(task)).toMatchObject({ state: 'SUCCESS', error: null });
  });

  it('is waited for by what is undone there, and the task says so', async () => {
    const [node] = NODES as [NodeName];
    const before = world.snapshot();
    const reached = Promise.withResolvers<void>();
    const task = await world.tamper.during(untilEnded('defineDomain', reached.resolve), async () => {
      const started = await world.start(acceptCreation(world.store, { node }));
      await reached.promise;
      await world.cancel(started);
      await world.stopNode();
      await world.until(async () => (await world.task(started)).status === `undo define: waiting for node ${node}`);
      await world.startNode();
      return world.ended(started);
    });
    expect(task).toMatchObject({ state: 'REVOKED', error: null });
    expect(difference(before, world.snapshot())).toEqual([]);
  });

  it.each([
    ['at once', 0],
    ['after the engine gave it up', 17_000],
  ])('in the middle of a script leaves it to be begun anew when it is back %s', async (_, awayMs) => {
    const before = world.snapshot();
    const begun: number[] = [];
    const reached = Promise.withResolvers<void>();
    const done = await world.tamper.during(
      async ({ label }, work) => {
        if (!label.startsWith('install')) return work();
        const { number, signal } = currentAttempt();
        begun.push(number);
        reached.resolve();
        // Half of it is done when the node is told to end.
        if (begun.length === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        signal.throwIfAborted();
        return work();
      },
      async () => {
        const task = await world.start(acceptCreation(world.store, {}));
        await reached.promise;
        await world.stopNode();
        await new Promise((resolve) => setTimeout(resolve, awayMs));
        await world.startNode();
        return world.ended(task);
      },
    );
    expect(done).toMatchObject({ state: 'SUCCESS', error: null });
    // What a first attempt left on the disks is never built upon.
    expect(begun).toEqual([1, 2]);
    await remove(done);
    expect(difference(before, world.snapshot())).toEqual([]);
  });
});
