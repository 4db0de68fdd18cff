import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import pino from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { controlActivities } from '../../activities/control.ts';
import { storeControlPlane } from '../../activities/control-plane.ts';
import { poolActivities } from '../../activities/pool.ts';
import { workflowBundle } from '../../cli/temporal/bundle.ts';
import { loadKey } from '../../cli/temporal/codec.ts';
import { connectClient, connectWorkers } from '../../cli/temporal/connection.ts';
import { defaultToolsDir } from '../../cli/temporal/program.ts';
import { controlWorker, installRuntime } from '../../cli/temporal/worker.ts';
import { keeperId } from '../../domain/pool-keeper.ts';
import { CONTROL_QUEUE } from '../../domain/queues.ts';
import { HOUR_MS, MINUTE_MS } from '../../domain/vm-pool.ts';
import { ADMIN } from '../api/core/cluster.ts';
import { POOL, type Pooled, pooled } from '../api/core/vm-pool/pooled.ts';

const SERVER = join(defaultToolsDir(), 'temporal-test-server-1.40.0/bin/temporal-test-server');
const log = pino({ level: 'silent' });

let at: Pooled;
let env: TestWorkflowEnvironment;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  installRuntime(log, null);
  env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: SERVER } },
  });
  closers.push(() => env.teardown());
  const dir = await mkdtemp(join(tmpdir(), 'slipway-expiry-'));
  closers.push(() => rm(dir, { recursive: true }));
  at = await pooled();
  closers.push(at.close);
  const key = await loadKey(dir);
  const config = { address: env.address, namespace: 'default' };
  const { client, close } = await connectClient(config, key);
  closers.push(close);
  const connection = await connectWorkers(config);
  closers.push(() => connection.close());
  const worker = await controlWorker({
    ...{ connection, namespace: 'default', key, log, graceMs: 100, controlPlane: storeControlPlane(at.store) },
    activities: { ...controlActivities(at.store), ...poolActivities(at.keeper, async () => undefined) },
    bundle: await workflowBundle(join(dir, 'bundle')),
  });
  closers.push(worker.stop);
  await at.pool({ size: 2, lifetimeHours: 24, readyTtlMin: 60 });
  await at.fill();
  // Nothing is to be made while hours go by.
  await at.services.pools.update(ADMIN, POOL.name, { size: 1 });
  await at.fill();
  await client.workflow.start('keepPool', {
    workflowId: keeperId(POOL.name),
    taskQueue: CONTROL_QUEUE,
    args: [{ pool: POOL.name }],
  });
});

afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

it('takes back a VM that nobody gave back after its lifetime, to the minute, with nobody looking', async () => {
  const signal = new AbortController().signal;
  const [given] = await at.services.checkouts.take('anyone', [{ name: POOL.name, count: 1 }], {
    waitMs: 0,
    gone: false,
    signal,
  });
  await at.services.pools.update(ADMIN, POOL.name, { size: 0 });
  const name = given?.vms[0] ?? '';
  const { checkedOutAt } = await at.services.poolVms.get(name);
  await env.client.workflow.getHandle(keeperId(POOL.name)).signal('wakePool');
  await env.sleep(24 * HOUR_MS - MINUTE_MS);
  expect((await at.services.poolVms.get(name)).state).toBe('running');
  await env.sleep(2 * MINUTE_MS);
  const { state, reason, completedAt } = await at.services.poolVms.get(name);
  expect({ state, reason }).toEqual({ state: 'completed', reason: 'Its lifetime is over.' });
  const late = (completedAt ?? 0) - (checkedOutAt ?? 0) - 24 * HOUR_MS;
  expect(late).toBeGreaterThanOrEqual(0);
  expect(late).toBeLessThan(1_000);
  await at.settled();
  expect(at.jobs.started.at(-1)).toMatchObject({ kind: 'vm.delete', target: name });
});
