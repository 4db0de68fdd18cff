import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleOptions } from '../../../cli/temporal/bundle.ts';
import { keeperId } from '../../../domain/pool-keeper.ts';
import { changedWorkflows } from './changed.ts';
import { type PoolLab, poolLab } from './pool-lab.ts';
import { keepNodes, startWorld, type World } from './world.ts';

let world: World;
let lab: PoolLab;

beforeAll(async () => {
  world = await startWorld();
  lab = poolLab(world);
  await lab.profile();
});
afterAll(() => world.close());

const QUIET = { log: () => undefined, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

const TURN = /(?=const turn = await keeper)/;
const MANY = 60;

/** What is otherwise in versions of the keeper. */
const VERSIONS = {
  'of today': [TURN, ''],
  'that asks the store for something else': [TURN, 'await keeper.wakePools([]);'],
  'that waits': [TURN, 'await condition(() => false, 1);'],
  'that throws': [TURN, "if (turns > 1) throw new Error('bug: struck by the test');"],
  'whose runs are longer': [/TURNS = \d+/, `TURNS = ${2 * MANY}`],
} as const;
type Version = keyof typeof VERSIONS;

async function bundle(version: Version): Promise<string> {
  const dir = join(world.dir, 'changed');
  const workflowsPath = await changedWorkflows(dir, ['pool/keep.ts', ...VERSIONS[version]]);
  const { code } = await bundleWorkflowCode({ ...bundleOptions(QUIET), workflowsPath });
  await rm(dir, { recursive: true });
  const codePath = join(world.dir, `${version}.js`);
  await writeFile(codePath, code);
  return codePath;
}

it.each<readonly [from: Version, to: Version]>([
  ['of today', 'that asks the store for something else'],
  // What the store was asked for else has no result: that comes where a turn's is expected.
  ['that asks the store for something else', 'of today'],
  ['of today', 'that waits'],
  ['of today', 'that throws'],
  ['whose runs are longer', 'of today'],
])('a keeper %s fails once as one %s, and is begun anew by whoever wakes it next', async (from, to) => {
  await keepNodes(world);
  await world.upgrade(await bundle(from));
  const name = `p${Object.keys(VERSIONS).indexOf(from)}-${Object.keys(VERSIONS).indexOf(to)}`;
  await lab.pool(name, 1);
  await lab.holds(name, 'ready', 1);
  const handle = world.client.workflow.getHandle(keeperId(name));
  const turns = () =>
    world.tamper.calls.filter(({ workflow, label }) => workflow === keeperId(name) && /^keepPool/.test(label));
  if (from === 'whose runs are longer') while (turns().length < MANY) await lab.wake(name);
  const { runId } = await handle.describe();
  await world.upgrade(await bundle(to));
  await lab.take(name, 1);
  const options = { followRuns: false };
  await expect(world.client.workflow.getHandle(keeperId(name), runId, options).result()).rejects.toThrow('failed');
  // What the schedule does each minute.
  await lab.holds(name, 'ready', 1, () => lab.wake(name));
  expect((await handle.describe()).runId).not.toBe(runId);
  await lab.remove(name);
});
