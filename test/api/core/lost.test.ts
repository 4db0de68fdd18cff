import { afterEach, beforeEach, expect, it } from 'vitest';
import { controlActivities } from '../../../activities/control.ts';
import { settleLost } from '../../../api/core/lost.ts';
import type { NodeName } from '../../../domain/ids.ts';
import { workflowId } from '../../../domain/task.ts';
import { findBaseImage } from '../../../store/base-image.ts';
import { ADMIN, BUILDING, type Cluster, cluster, inputOf, request } from './cluster.ts';

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1');
  await c.profile({ script: BUILDING });
});
afterEach(() => c.close());

const settle = () => settleLost(c.store, c.jobs, -1);

it('ends a task whose workflow was terminated; its VM says why and can be deleted', async () => {
  const task = await c.services.provisioner.create(ADMIN, request());
  await c.settled();
  expect(await settle()).toBe(0);
  c.jobs.fates.set(task.id, 'terminated');
  expect(await settle()).toBe(1);
  expect(await c.services.tasks.get(ADMIN, task.id)).toMatchObject({
    state: 'FAILURE',
    error: expect.stringContaining('terminated'),
  });
  const vm = await c.services.vms.get(ADMIN, 'web1');
  expect(vm).toMatchObject({ state: 'failed', failedReason: expect.stringContaining(task.id) });
  expect(await settle()).toBe(0);
  expect(await c.services.vms.remove(ADMIN, 'web1', true)).toMatchObject({ state: 'PENDING' });
});

it('leaves tasks alone that are young, or ended meanwhile', async () => {
  const task = await c.services.provisioner.create(ADMIN, request());
  await c.settled();
  c.jobs.fates.set(task.id, 'completed');
  expect(await settleLost(c.store, c.jobs)).toBe(0);
  c.jobs.fate = async (id) => {
    await controlActivities(c.store).finishTask(id, { state: 'SUCCESS', status: 'done', error: null });
    return 'completed';
  };
  await settle();
  expect(await c.services.tasks.get(ADMIN, task.id)).toMatchObject({ state: 'SUCCESS', status: 'done' });
});

it('gives a base image whose build is lost to the next builder', async () => {
  const asked = await c.services.provisioner.create(ADMIN, request());
  await c.settled();
  const { base } = await inputOf(c.store, asked.id);
  const node = 'hv1' as NodeName;
  const claim = await controlActivities(c.store).claimBase(base!, node, workflowId(asked.id));
  if (claim.is !== 'build') throw new Error('nobody else builds it');
  await controlActivities(c.store).beginTask(claim.build, 4);
  c.jobs.fates.set(claim.build, 'unknown');
  await settle();
  expect(await findBaseImage(c.store.read, base!, node)).toBeUndefined();
});
