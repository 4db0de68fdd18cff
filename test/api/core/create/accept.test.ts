import { afterEach, beforeEach, expect, it } from 'vitest';
import { controlActivities } from '../../../../activities/control.ts';
import type { Principal } from '../../../../domain/principal.ts';
import { findRecipe } from '../../../../store/base-image.ts';
import { findTask } from '../../../../store/task.ts';
import { ADMIN, BUILDING, type Cluster, cluster, inputOf, request, rowsOf } from '../cluster.ts';

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1');
  await c.profile();
});
afterEach(() => c.close());

it('reserves everything with the task and starts it', async () => {
  const task = await c.services.provisioner.create(ADMIN, request({ args: ['suite=trixie', 'line=a=b'] }));
  await c.settled();
  const cmd = await inputOf(c.store, task.id);
  expect(task).toMatchObject({ kind: 'provisioner.create', target: 'web1', state: 'PENDING', runOn: 'hv1' });
  expect(c.jobs.started).toEqual([
    { id: task.id, kind: 'provisioner.create', target: 'web1', input: cmd, tenant: 'default' },
  ]);
  expect(cmd).toMatchObject({
    ...{ task: task.id, name: 'web1', node: 'hv1', memory: 512, vcpus: 1, serial: true, vnc: null },
    ...{ install: true, base: null, seed: 'metadata', define: true, start: true, wait: 'running' },
  });
  expect(cmd.disks.map(({ diskId, size, fill, name }) => ({ diskId, size, fill, name }))).toEqual([
    { diskId: 'sda', size: 4096, fill: { kind: 'blank' }, name: 'web1_sda' },
    { diskId: 'sdb', size: 1024, fill: { kind: 'blank' }, name: 'web1_sdb' },
  ]);
  expect(cmd.nics).toMatchObject([{ index: 0, vni: 100, ip: '10.1.0.10', hostname: 'web1' }]);
  const vm = await c.services.vms.get(ADMIN, 'web1');
  expect(vm).toMatchObject({ id: cmd.vm, state: 'provisioning', node: 'hv1', profile: 'web', defined: false });
  expect({ disks: vm.disks, nics: vm.nics }).toEqual({ disks: cmd.disks, nics: cmd.nics });
  expect(JSON.stringify(cmd)).not.toMatch(/trixie|cloud-config|def install/);
  // The workflow finds its reservation as it was made, and gives all of it back.
  const control = controlActivities(c.store);
  await control.beginCreation(cmd, 7);
  await control.release(cmd.vm);
  await expect(control.beginCreation(cmd, 7)).rejects.toThrow('not reserved');
});

it.each([
  [{ define: false }, { define: false, start: false }],
  [{ start: false }, { define: true, start: false }],
])('carries out %j', async (asked, expected) => {
  const task = await c.services.provisioner.create(ADMIN, request(asked));
  expect(await inputOf(c.store, task.id)).toMatchObject(expected);
});

it('makes the disks clones of a base image where the script has a build()', async () => {
  await c.profile({ script: BUILDING });
  const [one, two] = [
    await inputOf(c.store, (await c.services.provisioner.create(ADMIN, request())).id),
    await inputOf(c.store, (await c.services.provisioner.create(ADMIN, request({ name: 'web2' }))).id),
  ];
  expect(one.base).toMatch(/^[0-9a-f]{64}$/);
  expect(two.base).toBe(one.base);
  const sources = one.disks.map(({ fill }) => fill);
  expect(sources).toEqual([
    { kind: 'clone', source: `base-${one.base?.slice(0, 16)}_sda` },
    { kind: 'clone', source: `base-${one.base?.slice(0, 16)}_sdb` },
  ]);
  const claim = await controlActivities(c.store).claimBase(one.base!, one.node, `task:${one.task}`);
  if (claim.is !== 'build') throw new Error(`got ${claim.is}`);
  const build = (await findTask(c.store.read, claim.build))?.input;
  expect(build).toMatchObject({
    disks: [
      { volume: sources[0]?.kind === 'clone' && sources[0].source, fill: { kind: 'blank' }, filesystem: 'ext4' },
      { volume: sources[1]?.kind === 'clone' && sources[1].source, fill: { kind: 'blank' }, filesystem: null },
    ],
  });
});

it.each([
  ['the metadata service', {}, {}, 'metadata'],
  ['a seed without metadata', { metadata: false }, {}, 'nocloud'],
  ['a seed without networks', {}, { networks: [] }, 'nocloud'],
  ['nothing without user-data', { metadata: false }, { userdata: undefined }, 'none'],
] as const)('lets the guest find its data by %s', async (_, settings, profile, seed) => {
  const other = await cluster(settings);
  try {
    await other.node('hv1');
    await other.profile(profile);
    await other.services.provisioner.create(ADMIN, request());
    await other.settled();
    expect(other.jobs.started[0]?.input).toMatchObject({ seed });
  } finally {
    await other.close();
  }
});

it('gives the same task for the same key and request, whatever became of it', async () => {
  const asked = request({ idempotencyKey: 'k1', args: ['a=1'] });
  const task = await c.services.provisioner.create(ADMIN, asked);
  await c.settled();
  const rows = rowsOf(c.file);
  expect(await c.services.provisioner.create(ADMIN, asked)).toMatchObject({ id: task.id, runOn: 'hv1' });
  expect(rowsOf(c.file)).toBe(rows);
  expect(c.jobs.started).toHaveLength(1);
  const control = controlActivities(c.store);
  await control.finishTask(task.id, { state: 'FAILURE', status: 'no', error: 'no' });
  await control.release((await inputOf(c.store, task.id)).vm);
  expect(await c.services.provisioner.create(ADMIN, asked)).toMatchObject({ id: task.id, state: 'FAILURE' });
});

it.each([
  ['another name', { name: 'web2' }],
  ['another argument', { args: ['a=2'] }],
  ['another flag', { start: false }],
])('refuses the same key for %s', async (_, change) => {
  await c.services.provisioner.create(ADMIN, request({ idempotencyKey: 'k1', args: ['a=1'] }));
  const again = request({ idempotencyKey: 'k1', args: ['a=1'], ...change });
  await expect(c.services.provisioner.create(ADMIN, again)).rejects.toMatchObject({ fault: { kind: 'conflict' } });
});

it('lets each account have its own keys', async () => {
  const other: Principal = { ...ADMIN, account: 'another' };
  const one = await c.services.provisioner.create(ADMIN, request({ idempotencyKey: 'k1' }));
  const two = await c.services.provisioner.create(other, request({ idempotencyKey: 'k1', name: 'web2' }));
  expect(two.id).not.toBe(one.id);
});

it('accepts where the engine does not answer', async () => {
  c.jobs.down = true;
  const task = await c.services.provisioner.create(ADMIN, request());
  await c.settled();
  expect(task.state).toBe('PENDING');
  expect(c.warnings).toMatchObject([{ task: task.id }]);
});

it('makes no other base image for an argument that build() does not take', async () => {
  await c.profile({ script: 'def build(suite, disks=None):\n    pass\n' });
  const bases = [];
  for (const [name, args] of Object.entries({ a: ['pw=1'], b: ['pw=2'], d: ['suite=trixie'] })) {
    const { id } = await c.services.provisioner.create(ADMIN, request({ name, args }));
    const { base } = await inputOf(c.store, id);
    bases.push(base);
    expect(base && (await findRecipe(c.store.read, base))?.args).toEqual({
      suite: name === 'd' ? 'trixie' : 'bookworm',
    });
  }
  expect(bases[0]).toBe(bases[1]);
  expect(bases[2]).not.toBe(bases[0]);
});
