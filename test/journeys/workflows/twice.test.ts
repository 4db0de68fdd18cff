import { afterAll, beforeAll, expect, it } from 'vitest';
import { currentAttempt, withAttempt } from '../../../activities/attempt.ts';
import { askDisk } from '../../../api/core/disk.ts';
import { askRemoval, askRevert, askSnapshot } from '../../../api/core/snapshot.ts';
import type { CreateVm } from '../../../domain/plan.ts';
import { SYSTEM } from '../../../domain/principal.ts';
import { mib } from '../../../domain/units.ts';
import type { TaskRow } from '../../../store/task.ts';
import { createCommand } from '../../workflows/commands.ts';
import {
  acceptChange,
  acceptCollection,
  acceptCreation,
  acceptOperation,
  acceptRemoval,
  KEEPING,
  keepBase,
} from './accept.ts';
import type { Snapshot } from './snapshot.ts';
import type { Around } from './tamper.ts';
import { keepNodes, NODES, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const once: Around = (_, work) => work();
/** Whatever its first answer was: it may have been lost on the way. */
const twice: Around = async (_, work) => {
  await work();
  return work();
};
/** Every activity of a node is lost while it works, as far as its driver has come by then, and is attempted again. */
const afterHalf: Around = async ({ onNode }, work) => {
  if (!onNode) return work();
  const lost = new AbortController();
  const half = withAttempt({ ...currentAttempt(), signal: lost.signal }, work).catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  lost.abort(new Error('lost by the test'));
  // Nor does the product begin an attempt before the one before has ended.
  await half;
  return withAttempt({ ...currentAttempt(), number: 2 }, work);
};

/** A whole life, and everything that exists after each of its tasks. */
async function life(around: Around): Promise<readonly Snapshot[]> {
  const after: Snapshot[] = [];
  const run = async (accept: () => Promise<TaskRow>): Promise<TaskRow> => {
    const task = await world.tamper.during(around, () => accept().then(world.run));
    expect(task, task.kind).toMatchObject({ state: 'SUCCESS', error: null, current: task.total });
    after.push(world.snapshot());
    return task;
  };
  const base = await keepBase(world.store, createCommand().disks, 'twice');
  for (const change of [{}, { base }, { base, seed: 'metadata', wait: 'running' }] as const) {
    const made = await run(() => acceptCreation(world.store, change));
    const { vm } = made.input as CreateVm;
    for (const action of ['shutdown', 'start', 'restart', 'stop', 'delete'] as const) {
      await keepNodes(world);
      await run(() => acceptChange(world.store, vm, action));
    }
  }
  const { vm } = (await run(() => acceptCreation(world.store, { wait: 'running' }, KEEPING))).input as CreateVm;
  const snapshot = () => acceptOperation(world.store, vm, (tx, row) => askSnapshot(tx, row, SYSTEM, 'first'));
  await run(snapshot);
  await run(() => acceptOperation(world.store, vm, (tx, row) => askDisk(tx, row, SYSTEM, mib(512))));
  for (const ask of [askRevert, askRemoval])
    await run(() => acceptOperation(world.store, vm, (tx, row) => ask(tx, row, SYSTEM, 'first')));
  await run(() => acceptChange(world.store, vm, 'delete'));
  await run(() => acceptCollection(world.store, base, NODES[0]!));
  await run(() => acceptRemoval(world.store, 201, NODES));
  return after;
}

/** Names of what exists, without what was minted: two lives are the same if these are. */
const shape = (snapshot: Snapshot): readonly string[] =>
  Object.entries(snapshot)
    .map(([key, value]) => plain(`${key} ${states(value)}`))
    .sort();

const plain = (text: string): string =>
  text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, 'ID')
    .replace(/52:54:00:00:\S\S:\S\S/g, 'MAC')
    .replace(/vm\d+(_\w+)?(-[0-9a-f]{8})?/g, 'VM$1')
    .replace(/\b[a-p][0-9a-f]{31}\b/g, 'SNAPSHOT')
    .replace(/base-[0-9a-f]{16}/g, 'BASE')
    .replace(/\b[0-9a-f]{64}\b/g, 'HASH');

const states = (value: string): string => /"state":"[^"]*"|"running":\w+|"defined":\w+/.exec(value)?.[0] ?? '';

it('ends the same, when every activity runs twice', { timeout: 120_000 }, async () => {
  const [expected, doubled] = [await life(once), await life(twice)];
  expect(doubled.map(shape)).toEqual(expected.map(shape));
  expect(world.tamper.calls.length).toBeGreaterThan(100);
  const halved = await life(afterHalf);
  expect(halved.map(shape)).toEqual(expected.map(shape));
});
