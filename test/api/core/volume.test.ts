import { afterEach, beforeEach, expect, it } from 'vitest';
import { controlActivities } from '../../../activities/control.ts';
import { settleLost } from '../../../api/core/lost.ts';
import type { RemoveVolume } from '../../../domain/plan.ts';
import { ADMIN, type Cluster, cluster, inputOf, request, rowsOf } from './cluster.ts';

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1');
  await c.profile();
});
afterEach(() => c.close());

const USER = { ...ADMIN, role: 'user', tenant: 'other' } as const;
const list = (pool?: string) => c.services.volumes.list(ADMIN, pool);
const remove = (name: string, who: Parameters<typeof c.services.volumes.remove>[0] = ADMIN) =>
  c.services.volumes.remove(who, 'vms', name);

/** web1 is created, and gone without its disks. */
async function leaveDisks(): Promise<void> {
  const { id } = await c.services.provisioner.create(ADMIN, request());
  const control = controlActivities(c.store);
  const { vm } = await inputOf(c.store, id);
  await control.recordVm(vm, 'stopped', null);
  await control.forgetVm(vm, true);
  await control.finishTask(id, { state: 'SUCCESS', status: '', error: null });
}

it('is listed with its VM, and without when that is gone', async () => {
  await c.services.provisioner.create(ADMIN, request());
  const sda = { pool: 'vms', name: 'web1_sda', size: 4096, node: 'hv1', vm: 'web1' };
  const sdb = { ...sda, name: 'web1_sdb', size: 1024 };
  expect(await list()).toEqual([sda, sdb]);
  expect(await list('vms')).toEqual([sda, sdb]);
  await expect(list('nope')).rejects.toMatchObject({ fault: { kind: 'invalid', field: 'pool' } });
  expect(await c.services.volumes.list(USER)).toEqual([]);
});

it('frees its name, and its VM’s, once it is removed', async () => {
  await leaveDisks();
  expect((await list()).map(({ vm }) => vm)).toEqual([null, null]);
  await expect(c.services.provisioner.create(ADMIN, request())).rejects.toMatchObject({
    fault: { kind: 'exists', ref: 'vms/web1_sda' },
  });
  for (const name of ['web1_sda', 'web1_sdb']) {
    const task = await remove(name);
    expect(task).toMatchObject({ kind: 'volume.remove', target: `vms/${name}`, runOn: 'hv1', state: 'PENDING' });
    expect(await remove(name)).toMatchObject({ id: task.id });
    await c.settled();
    const { input } = c.jobs.started.at(-1)!;
    const { pool, volume } = input as RemoveVolume;
    await controlActivities(c.store).forgetVolume(pool, volume);
  }
  expect(c.jobs.started.filter(({ kind }) => kind === 'volume.remove')).toHaveLength(2);
  expect(await list()).toEqual([]);
  await c.services.provisioner.create(ADMIN, request());
});

it('can be removed again after a removal that failed', async () => {
  await leaveDisks();
  const { id } = await remove('web1_sda');
  await controlActivities(c.store).finishTask(id, { state: 'FAILURE', status: 'no', error: 'no' });
  expect((await remove('web1_sda')).id).not.toBe(id);
});

it('can be removed again after a removal that was lost', async () => {
  await leaveDisks();
  const { id } = await remove('web1_sda');
  await c.settled();
  c.jobs.fates.set(id, 'terminated');
  await settleLost(c.store, c.jobs, -1);
  expect((await remove('web1_sda')).id).not.toBe(id);
});

it('stays while a VM has it, naming that', async () => {
  await c.services.provisioner.create(ADMIN, request());
  await c.settled();
  const rows = rowsOf(c.file);
  await expect(remove('web1_sda')).rejects.toThrow("belongs to VM 'web1'");
  expect(rowsOf(c.file)).toBe(rows);
});

it('stays while a clone needs it, and is cloned no more once it is being removed', async () => {
  await leaveDisks();
  const cloning = (name: string) => c.profile({ name, disks: [{ id: 'sda', pool: 'vms', sourceVolume: 'web1_sda' }] });
  await cloning('clones');
  await c.services.provisioner.create(ADMIN, request({ name: 'web2', profile: 'clones' }));
  await expect(remove('web1_sda')).rejects.toThrow('cloned from: web2_sda');
  await remove('web1_sdb');
  await c.profile({ name: 'late', disks: [{ id: 'sda', pool: 'vms', sourceVolume: 'web1_sdb' }] });
  await expect(c.services.provisioner.create(ADMIN, request({ name: 'web3', profile: 'late' }))).rejects.toMatchObject({
    fault: { kind: 'invalid', field: 'source_volume' },
  });
});

it('is not there for other tenants, and stays for those who may only read', async () => {
  await leaveDisks();
  await expect(remove('web1_sda', USER)).rejects.toMatchObject({ fault: { kind: 'not-found' } });
  await expect(remove('web1_sda', { ...ADMIN, role: 'viewer' })).rejects.toMatchObject({
    fault: { kind: 'forbidden' },
  });
  await expect(remove('nope')).rejects.toMatchObject({ fault: { kind: 'not-found', ref: 'vms/nope' } });
});
