import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { controlActivities } from '../../../activities/control.ts';
import { sweep } from '../../../api/core/sweeper.ts';
import type { BaseKey, NodeName, TaskId, VmId } from '../../../domain/ids.ts';
import { findBaseImage, findRecipe } from '../../../store/base-image.ts';
import { ADMIN, BUILDING, type Cluster, cluster, inputOf, request } from './cluster.ts';

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1');
  await c.profile();
  await c.profile({ name: 'plain' });
});
afterEach(() => c.close());

const log = { warn: () => undefined };
const sweepAll = (unusedBaseMs = Number.MAX_SAFE_INTEGER) => sweep(c.store, c.jobs, { graceMs: -1, unusedBaseMs, log });
const ended = { state: 'SUCCESS', status: 'done', error: null } as const;

it('starts what was accepted while the engine was away, once', async () => {
  c.jobs.down = true;
  const task = await c.services.provisioner.create(ADMIN, request());
  await c.settled();
  expect(await sweepAll()).toEqual({ told: 0, failed: 1 });
  c.jobs.down = false;
  expect(await sweepAll()).toEqual({ told: 1, failed: 0 });
  expect(await sweepAll()).toEqual({ told: 0, failed: 0 });
  expect(c.jobs.started).toEqual([
    { id: task.id, kind: 'provisioner.create', target: 'web1', tenant: 'default', input: expect.anything() },
  ]);
});

it('leaves young tasks to whoever accepted them', async () => {
  c.jobs.down = true;
  await c.services.provisioner.create(ADMIN, request());
  c.jobs.down = false;
  expect(await sweep(c.store, c.jobs, { log })).toEqual({ told: 0, failed: 0 });
});

it('starts before it cancels, and passes a cancellation on once', async () => {
  c.jobs.down = true;
  const task = await c.services.provisioner.create(ADMIN, request());
  await c.settled();
  await c.services.tasks.cancel(ADMIN, task.id);
  c.jobs.down = false;
  await sweepAll();
  await sweepAll();
  expect(c.jobs.started.map(({ id }) => id)).toEqual([task.id]);
  expect(c.jobs.cancelled).toEqual([task.id]);
});

it('forgets tasks that have ended', async () => {
  c.jobs.down = true;
  const task = await c.services.provisioner.create(ADMIN, request());
  await controlActivities(c.store).finishTask(task.id, ended);
  expect(await sweepAll()).toEqual({ told: 0, failed: 0 });
});

it('ends sessions that ran out', async () => {
  const short = await cluster({ sessionMs: -1 });
  try {
    const { token } = await short.services.tokens.create(ADMIN, { description: 'a', role: 'user', tenant: 't' });
    await short.services.tokens.login(token);
    await sweep(short.store, short.jobs);
    const { sessions } = await import('../../../store/schema/access.ts');
    expect(await short.store.read.select().from(sessions)).toEqual([]);
  } finally {
    await short.close();
  }
});

/** A VM whose base image was built on hv1; the image was used just now. */
async function built(name = 'web1'): Promise<{ readonly base: BaseKey; readonly vm: VmId; readonly task: TaskId }> {
  await c.profile({ script: BUILDING });
  const { id } = await c.services.provisioner.create(ADMIN, request({ name }));
  await c.settled();
  const { base, vm } = await inputOf(c.store, id);
  if (base === null) throw new Error('no base');
  const control = controlActivities(c.store);
  await control.claimBase(base, HV1, `task:${id}`);
  await control.settleBase(base, HV1, null);
  await control.claimBase(base, HV1, `task:${id}`);
  return { base, vm, task: id };
}
const HV1 = 'hv1' as NodeName;
const collections = () => c.jobs.started.filter(({ kind }) => kind === 'image.collect');
/** As much later than any use as clocks can tell. */
const NOW = -1_000;

it('has a base image removed once nothing depends on it', async () => {
  const { base, vm, task } = await built();
  const control = controlActivities(c.store);
  await sweepAll(NOW);
  expect(collections()).toEqual([]);
  await control.forgetVm(vm, true);
  await sweepAll(NOW);
  // Its disks were kept: they are clones still.
  expect(collections()).toEqual([]);
  const other = await built('web2');
  expect(other.base).toBe(base);
  const { volumes } = await import('../../../store/schema/volume.ts');
  await c.store.write(async (tx) => void (await tx.delete(volumes)));
  await sweepAll();
  expect(collections()).toEqual([]);

  await sweepAll(NOW);
  await sweepAll(NOW);
  expect(collections()).toMatchObject([{ target: base.slice(0, 16), tenant: 'default' }]);
  const input = collections()[0]?.input;
  expect(input).toMatchObject({
    ...{ base, node: 'hv1', task: collections()[0]?.id },
    disks: [{ volume: `base-${base.slice(0, 16)}_sda` }, { volume: `base-${base.slice(0, 16)}_sdb` }],
  });
  // Nobody is given what is being removed, and it is built anew afterwards.
  await expect(control.claimBase(base, HV1, `task:${task}`)).rejects.toMatchObject({ fault: { kind: 'unavailable' } });
  await control.forgetBase(base, HV1);
  await control.forgetBase(base, HV1);
  expect(await findRecipe(c.store.read, base)).toBeUndefined();
});

it('starts what was accepted also while unused images cannot be looked for, and says why', async () => {
  const { vm } = await built();
  await controlActivities(c.store).release(vm);
  await sweepAll();
  c.jobs.down = true;
  const task = await c.services.provisioner.create(ADMIN, request({ name: 'web2', profile: 'plain' }));
  await c.settled();
  c.jobs.down = false;
  const broken = "CREATE TRIGGER broken BEFORE UPDATE ON base_images BEGIN SELECT RAISE(ABORT, 'broken row'); END";
  await c.store.write(async (tx) => void (await tx.run(sql.raw(broken))));
  const said: object[] = [];
  const options = { graceMs: -1, unusedBaseMs: NOW, log: { warn: (fields: object) => void said.push(fields) } };
  expect(await sweep(c.store, c.jobs, options)).toEqual({ told: 1, failed: 1 });
  expect(c.jobs.started.map(({ id }) => id)).toContain(task.id);
  expect(said).toEqual([{ reason: expect.stringContaining('broken row') }]);
});

it('keeps the recipe for a VM that was accepted meanwhile, which builds anew', async () => {
  const { base, vm } = await built();
  const control = controlActivities(c.store);
  await control.release(vm);
  await sweepAll(NOW);
  expect(collections()).toHaveLength(1);
  const { id } = await c.services.provisioner.create(ADMIN, request({ name: 'web2' }));
  await control.forgetBase(base, HV1);
  expect(await control.claimBase(base, HV1, `task:${id}`)).toMatchObject({ is: 'build' });
  // A late repeat does not take the new one away.
  await control.forgetBase(base, HV1);
  expect(await findBaseImage(c.store.read, base, HV1)).toMatchObject({ state: 'building' });
});

it('gives an image out again whose removal failed, and tries again when it is unused for as long again', async () => {
  const { base, vm } = await built();
  const control = controlActivities(c.store);
  await control.release(vm);
  await sweepAll(NOW);
  const [first] = collections();
  await control.finishTask(first!.id, { ...ended, state: 'FAILURE', error: 'no power' });
  await sweepAll(60_000);
  expect(collections()).toHaveLength(1);
  expect(await control.claimBase(base, HV1, 'task:x')).toEqual({ is: 'ready' });
  await sweepAll(NOW);
  expect(collections()).toHaveLength(2);
  expect(collections()[1]?.id).not.toBe(first?.id);
});

it('waits for a node that does not answer', async () => {
  const { vm } = await built();
  await controlActivities(c.store).release(vm);
  const { nodes } = await import('../../../store/schema/node.ts');
  await c.store.write(async (tx) => void (await tx.update(nodes).set({ seenAt: 0 })));
  await sweepAll(NOW);
  expect(collections()).toEqual([]);
});

it('never sweeps a build that runs', async () => {
  await c.profile({ script: BUILDING });
  const { id } = await c.services.provisioner.create(ADMIN, request());
  const { base, vm } = await inputOf(c.store, id);
  await controlActivities(c.store).claimBase(base!, HV1, `task:${id}`);
  await controlActivities(c.store).release(vm);
  await sweepAll(NOW);
  expect(collections()).toEqual([]);
});
