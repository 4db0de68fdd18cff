import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { askDisk } from '../../../api/core/disk.ts';
import { askRemoval, askRevert, askSnapshot } from '../../../api/core/snapshot.ts';
import type { ChangeSnapshot, CreateVm } from '../../../domain/plan.ts';
import { SYSTEM } from '../../../domain/principal.ts';
import { workflowId } from '../../../domain/task.ts';
import { mib } from '../../../domain/units.ts';
import { listTasks, type TaskRow } from '../../../store/task.ts';
import { createCommand } from '../../workflows/commands.ts';
import {
  acceptChange,
  acceptCollection,
  acceptCreation,
  acceptOperation,
  acceptRemoval,
  acceptVolumeRemoval,
  KEEPING,
  keepBase,
} from './accept.ts';
import { INJECTED, strike, untilEnded } from './tamper.ts';
import { NODES, startWorld, type World } from './world.ts';

/** Where the histories are kept: what a worker of today has to be able to go on with. */
export const HISTORIES = join(import.meta.dirname, '../../golden/histories');
/** Key of the recorded payloads; protects nothing. */
export const RECORDING_KEY = '5a'.repeat(32);

export interface Recorded {
  readonly name: string;
  readonly workflowId: string;
  readonly history: unknown;
}

export async function readHistories(): Promise<readonly Recorded[]> {
  const names = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    names.map(async (name) => ({ name, ...JSON.parse(await readFile(join(HISTORIES, name), 'utf8')) }) as Recorded),
  );
}

/** Runs one task of every kind to each of its ends, and writes their histories in place of those that were kept; with `missing`, beside them. */
export async function recordHistories(missing: boolean): Promise<void> {
  if (!missing) await rm(HISTORIES, { recursive: true, force: true });
  await mkdir(HISTORIES, { recursive: true });
  const world = await startWorld({ key: RECORDING_KEY });
  try {
    await recordCreations(world);
    await recordAway(world);
    await recordChanges(world);
    await recordOperations(world);
    await recordImages(world);
    await recordWaiting(world);
  } finally {
    await world.close();
  }
}

async function keep({ client }: World, name: string, task: TaskRow): Promise<TaskRow> {
  const id = workflowId(task.id);
  const history = JSON.parse(historyToJSON(await client.workflow.getHandle(id).fetchHistory()));
  for (const event of history.events) anonymize(event);
  const file = join(HISTORIES, `${name}.${task.state}.json`);
  // A history that is kept stays: tasks of before have to go on.
  await writeFile(file, `${JSON.stringify({ workflowId: id, history })}\n`, { flag: 'wx' }).catch(unlessKept);
  return task;
}

function unlessKept(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

/** Without the names of the processes that took part. */
function anonymize(value: Record<string, unknown>): void {
  for (const [key, part] of Object.entries(value)) {
    if (key === 'identity') value[key] = 'recorded';
    else if (typeof part === 'object' && part !== null) anonymize(part as Record<string, unknown>);
  }
}

async function recordCreations(world: World): Promise<void> {
  const creation = (change: Partial<CreateVm> = {}) => acceptCreation(world.store, change);
  await keep(world, 'createVm', await world.run(creation()));
  await keep(world, 'createVm-disks', await world.run(creation({ define: false })));
  for (const [name, trouble, label] of [
    ['createVm-failed', 'fail before', 'install'],
    ['createVm-cancelled', 'cancel during', 'awaitGuest'],
    ['createVm-refused', 'fail before', 'beginCreation'],
  ] as const) {
    const task = await creation();
    const struck = strike(label, trouble, () => world.cancel(task));
    await keep(world, name, await world.tamper.during(struck, () => world.run(task)));
  }
  const stuck = await world.tamper.during(
    async ({ label }, work) => {
      if (label !== 'awaitGuest' && label !== 'removeLeases') return work();
      throw ApplicationFailure.nonRetryable(`${label} was ${INJECTED}.`, 'internal');
    },
    () => world.run(creation()),
  );
  await keep(world, 'createVm-stuck', stuck);
}

/** A creation that is cancelled, whose node is not there for its first undo. */
async function recordAway(world: World): Promise<void> {
  const task = await acceptCreation(world.store, {});
  const reached = Promise.withResolvers<void>();
  await world.tamper.during(untilEnded('defineDomain', reached.resolve), async () => {
    await world.start(task);
    await reached.promise;
    await world.cancel(task);
    await world.stopNode();
    await world.until(async () => (await world.task(task)).status.startsWith('undo define: waiting'));
    await world.startNode();
    await keep(world, 'createVm-undo-waited', await world.ended(task));
  });
}

async function recordChanges(world: World): Promise<void> {
  const { vm } = (await world.run(acceptCreation(world.store, {}))).input as CreateVm;
  for (const action of ['shutdown', 'start', 'restart', 'stop', 'delete'] as const) {
    if (action === 'delete') {
      const failing = await acceptChange(world.store, vm, 'start');
      const struck = strike('startDomain', 'fail after', async () => undefined);
      await keep(world, 'startVm-failed', await world.tamper.during(struck, () => world.run(failing)));
    }
    await keep(world, `${action}Vm`, await world.run(acceptChange(world.store, vm, action)));
  }
  const kept = (await world.run(acceptCreation(world.store, {}))).input as CreateVm;
  await world.run(acceptChange(world.store, kept.vm, 'delete', false));
  for (const disk of kept.disks)
    await keep(world, 'removeVolume', await world.run(acceptVolumeRemoval(world.store, disk)));
  await keep(world, 'removeNetwork', await world.run(acceptRemoval(world.store, 203, NODES)));
}

async function recordOperations(world: World): Promise<void> {
  const { store } = world;
  const { vm } = (await world.run(acceptCreation(store, {}, KEEPING))).input as CreateVm;
  const snapshot = () => acceptOperation(store, vm, (tx, row) => askSnapshot(tx, row, SYSTEM, null));
  const first = await keep(world, 'snapshotVm', await world.run(snapshot()));
  const ref = (first.input as ChangeSnapshot).snapshot;
  const attach = () => acceptOperation(store, vm, (tx, row) => askDisk(tx, row, SYSTEM, mib(512)));
  const revert = () => acceptOperation(store, vm, (tx, row) => askRevert(tx, row, SYSTEM, ref));
  const failing = (accept: () => Promise<TaskRow>, label: string) =>
    world.tamper.during(
      strike(label, 'fail after', async () => undefined),
      () => world.run(accept()),
    );
  await keep(world, 'snapshotVm-failed', await failing(snapshot, 'ensureSnapshot'));
  await keep(world, 'attachDisk-failed', await failing(attach, 'attachDisk'));
  await keep(world, 'attachDisk', await world.run(attach()));
  await keep(world, 'revertVm', await world.run(revert()));
  const removal = acceptOperation(store, vm, (tx, row) => askRemoval(tx, row, SYSTEM, ref));
  await keep(world, 'removeSnapshot', await world.run(removal));
}

async function recordImages(world: World): Promise<void> {
  const base = await keepBase(world.store, createCommand().disks, 'recorded');
  const first = await keep(world, 'createVm-base-built', await world.run(acceptCreation(world.store, { base })));
  const second = await keep(world, 'createVm-base-ready', await world.run(acceptCreation(world.store, { base })));
  const built = (await listTasks(world.store.read, { active: false, limit: 100 })).find(
    (task) => task.kind === 'image.build',
  );
  await keep(world, 'buildImage', built!);
  await keep(world, 'collectImage', await world.run(acceptCollection(world.store, base, NODES[0]!)));
  for (const { input } of [first, second]) await world.run(acceptChange(world.store, (input as CreateVm).vm, 'delete'));
  await keep(world, 'collectImage', await world.run(acceptCollection(world.store, base, NODES[0]!)));
}

/** A creation that waits for the image which another has built. */
async function recordWaiting(world: World): Promise<void> {
  const base = await keepBase(world.store, createCommand().disks, 'awaited');
  const builder = await acceptCreation(world.store, { base });
  const waiter = await acceptCreation(world.store, { base });
  const passed = Promise.withResolvers<void>();
  await world.tamper.during(
    async ({ label, workflow }, work) => {
      if (label === 'build') {
        await world.start(waiter);
        await passed.promise;
      }
      const result = await work();
      if (label === 'passTurn' && workflow === workflowId(waiter.id)) passed.resolve();
      return result;
    },
    async () => {
      await world.run(builder);
      await keep(world, 'createVm-base-waited', await world.ended(waiter));
    },
  );
  for (const { input } of [builder, waiter])
    await world.run(acceptChange(world.store, (input as CreateVm).vm, 'delete'));
  await world.run(acceptCollection(world.store, base, NODES[0]!));
}
