/**
 * Replays recorded histories against the workflows as they are now: a task that began before an upgrade has to go on after it.
 *
 * Red means that running tasks would break. Then either keep the order of the old commands (`patched()` of the SDK), or, if no task of
 * the old kind can be in flight anywhere, record anew and commit the changed files:
 *
 *     SLIPWAY_RECORD=1 npx vitest run --project journeys test/journeys/workflows/replay.test.ts
 *
 * Histories of a new kind of task are added with SLIPWAY_RECORD=missing.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleOptions } from '../../../cli/temporal/bundle.ts';
import { loadKey } from '../../../cli/temporal/codec.ts';
import { dataConverter } from '../../../cli/temporal/connection.ts';
import { WORKFLOW_OF } from '../../../domain/task.ts';
import { changedWorkflows } from './changed.ts';
import { RECORDING_KEY, type Recorded, readHistories, recordHistories } from './histories.ts';

const QUIET = new DefaultLogger('ERROR', () => undefined);

let dir: string;
let histories: readonly Recorded[];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slipway-replay-'));
  await writeFile(join(dir, 'payload.key'), RECORDING_KEY);
  const record = process.env.SLIPWAY_RECORD;
  if (record === '1' || record === 'missing') await recordHistories(record === 'missing');
  else Runtime.install({ logger: QUIET });
  histories = await readHistories();
});
afterAll(() => rm(dir, { recursive: true }));

/** Names of the histories that the workflows of this folder cannot go on with, and why. */
async function failures(workflowsPath?: string): Promise<readonly string[]> {
  const options = { ...bundleOptions(QUIET), ...(workflowsPath ? { workflowsPath } : {}) };
  const workflowBundle = await bundleWorkflowCode(options);
  const results = Worker.runReplayHistories(
    { workflowBundle, dataConverter: dataConverter(await loadKey(dir)), replayName: 'replay' },
    histories.map(({ workflowId, history }) => ({ workflowId, history: historyFromJSON(history) })),
  );
  const failed: string[] = [];
  for await (const { workflowId, error } of results) {
    const name = histories.find((one) => one.workflowId === workflowId)?.name;
    if (error) failed.push(`${name}: ${error.message}`);
  }
  return failed;
}

it('has histories of every kind of task', () => {
  const names = histories.map(({ name }) => name.split(/[.-]/)[0]);
  expect([...new Set(names)].sort()).toEqual(Object.values(WORKFLOW_OF).sort());
});

it('can go on with every task that was begun before', async () => {
  expect(await failures()).toEqual([]);
});

it.each([
  ['two steps in another order', 'vm/restart.ts', /^(.*step\('network'.*\n)(.*step\('start'.*\n)/m, '$2$1'],
  [
    'a step that there was not',
    'network/remove.ts',
    /^(.*step\('forget')/m,
    'await onNode(nodes[0]!).host.removeNetwork(vni);\n$1',
  ],
  ['an undo that is missing', 'vm/create.ts', /^.*\(\) => cleanup\.undefineDomain\(cmd\.vm\),\n/m, ''],
])('bites: %s', async (_, file, pattern, replacement) => {
  const changed = join(dir, 'changed');
  try {
    const failed = await failures(await changedWorkflows(changed, [file, pattern, replacement]));
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(histories.length);
  } finally {
    await rm(changed, { recursive: true });
  }
});
