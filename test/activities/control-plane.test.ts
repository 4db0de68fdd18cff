import { afterEach, beforeEach, expect, it } from 'vitest';
import { controlActivities } from '../../activities/control.ts';
import { storeControlPlane } from '../../activities/control-plane.ts';
import { CONSOLE_KEPT, type ControlPlane } from '../../domain/control-plane.ts';
import type { CreateVm } from '../../domain/plan.ts';
import { workflowId } from '../../domain/task.ts';
import { findNode, listPoolCapacities } from '../../store/node.ts';
import { taskLogAfter } from '../../store/task.ts';
import { findVm, updateVm } from '../../store/vm.ts';
import { ADMIN, BUILDING, type Cluster, cluster, inputOf, report, request } from '../api/core/cluster.ts';

let c: Cluster;
let plane: ControlPlane;
let cmd: CreateVm;
beforeEach(async () => {
  c = await cluster();
  plane = storeControlPlane(c.store);
  await plane.keepalive(report('hv1'));
  await c.profile({ script: BUILDING, userdata: '#cloud-config\nhostname: {{vm.name}}\npw: {{json args.pw}}\n' });
  cmd = await inputOf(c.store, (await c.services.provisioner.create(ADMIN, request({ args: ['pw=a: "b"'] }))).id);
});
afterEach(() => c.close());

it('keeps what a node says, the first as primary', async () => {
  await plane.keepalive(report('hv2', { pools: [{ name: 'vms', total: 9, free: 3 }], load: 2.5 }));
  await plane.keepalive(report('hv2', { pools: [{ name: 'vms', total: 9, free: 2 }], load: 1.5 }));
  expect(await findNode(c.store.read, 'hv1')).toMatchObject({ coordinatorState: 'primary', driver: 'sim' });
  expect(await findNode(c.store.read, 'hv2')).toMatchObject({ coordinatorState: 'client', load: 1.5 });
  expect(await listPoolCapacities(c.store.read)).toEqual([{ node: 'hv2', pool: 'vms', total: 9, free: 2 }]);
});

it('leaves to others only the memory that is not its guests', async () => {
  await c.store.write((tx) => updateVm(tx, cmd.vm, { state: 'running' }));
  await plane.keepalive(report('hv1', { memoryUsed: 3000, running: [cmd.vm, 'unknown'] }));
  expect(await findNode(c.store.read, 'hv1')).toMatchObject({ memoryOther: 3000 - 512 });
  await plane.keepalive(report('hv1', { memoryUsed: 100, running: [cmd.vm] }));
  expect(await findNode(c.store.read, 'hv1')).toMatchObject({ memoryOther: 0 });
});

it('sees guests go off and come back, but nothing from before their last change', async () => {
  const state = async () => (await findVm(c.store.read, cmd.vm))?.state;
  await controlActivities(c.store).recordVm(cmd.vm, 'running', null);
  const rest = (await findVm(c.store.read, cmd.vm))?.restingSince ?? Number.NaN;
  await plane.keepalive(report('hv1', { askedAt: rest, running: [] }));
  expect(await state()).toBe('running');
  await plane.keepalive(report('hv2', { askedAt: rest + 1, running: [] }));
  expect(await state()).toBe('running');
  await plane.keepalive(report('hv1', { askedAt: rest + 1, running: [] }));
  expect(await state()).toBe('stopped');
  await plane.keepalive(report('hv1', { askedAt: rest + 2, running: [cmd.vm] }));
  expect(await state()).toBe('running');
  await c.store.write((tx) => updateVm(tx, cmd.vm, { changing: cmd.task }));
  await plane.keepalive(report('hv1', { askedAt: rest + 3, running: [] }));
  expect(await state()).toBe('running');
});

it('gives an install script all that it was accepted with, even if the templates change', async () => {
  await c.profile({ script: 'def install(**kwargs):\n    raise\n', userdata: 'changed' });
  expect(await plane.installInput(cmd.vm)).toEqual({
    ...{ script: BUILDING, vmName: 'web1', vmId: 1, disks: cmd.disks, vnis: [100] },
    args: { suite: 'bookworm', pw: 'a: "b"' },
  });
  const seed = await plane.seedInput(cmd.vm);
  expect(seed.userData).toBe('#cloud-config\nhostname: web1\npw: "a: \\"b\\""\n');
  expect(JSON.parse(seed.metaData)).toEqual({ 'instance-id': cmd.vm, 'local-hostname': 'web1.example.internal' });
  expect(JSON.parse(seed.networkConfig ?? '')).toMatchObject({
    ethernets: { eth0: { match: { macaddress: cmd.nics[0]?.mac }, addresses: ['10.1.0.10/24'] } },
  });
});

it('gives a build no VM', async () => {
  const input = await plane.buildInput(cmd.base!);
  expect(input).toMatchObject({ script: BUILDING, vmName: null, vmId: 0, vnis: [] });
  expect(input.disks.map(({ volume }) => volume)).toEqual(
    cmd.disks.map(({ fill }) => fill.kind === 'clone' && fill.source),
  );
});

it('keeps a log in order, and the last of a console, told twice or not', async () => {
  const line = (text: string) => ({ at: 1, step: 'install', text });
  await plane.appendLog(cmd.task, [line('one'), line('two')]);
  await plane.appendLog(cmd.task, [line('three')]);
  const log = await taskLogAfter(c.store.read, cmd.task, 0, 9);
  expect(log.map((entry) => entry.line.text)).toEqual(['one', 'two', 'three']);
  await plane.appendConsole(cmd.vm, 0, 'grüße\n');
  await plane.appendConsole(cmd.vm, 0, 'grüße\nlogin:');
  await plane.appendConsole(cmd.vm, 4, 'ße\n');
  expect(await c.services.vms.console(ADMIN, 'web1', 1000)).toBe('grüße\nlogin:');
  expect(await c.services.vms.console(ADMIN, 'web1', 1)).toBe('login:');
  expect(await c.services.vms.console(ADMIN, 'web1', 0)).toBe('');
  await plane.appendConsole(cmd.vm, 14, 'x'.repeat(CONSOLE_KEPT));
  expect(await c.services.vms.console(ADMIN, 'web1', 1000)).toBe('x'.repeat(CONSOLE_KEPT));
  await plane.appendConsole('gone' as CreateVm['vm'], 0, 'last words');
});

it('takes from a node what a console ends with, and goes on from there whatever it knew', async () => {
  const shown = () => c.services.vms.console(ADMIN, 'web1', 1000);
  expect(await plane.resumeConsole(cmd.vm, '')).toBe(0);
  await plane.appendConsole(cmd.vm, 13_000_000, 'old\n');
  expect(await plane.resumeConsole(cmd.vm, '')).toBe(13_000_004);
  expect(await shown()).toBe('old');
  const end = await plane.resumeConsole(cmd.vm, 'old\nnew: ü\n');
  expect(await plane.resumeConsole(cmd.vm, 'old\nnew: ü\n')).toBe(end);
  expect(end).toBe(13_000_004);
  await plane.appendConsole(cmd.vm, end, 'newest\n');
  await plane.appendConsole(cmd.vm, end, 'newest\n');
  expect(await shown()).toBe('old\nnew: ü\nnewest');
  await plane.resumeConsole(cmd.vm, `${'x'.repeat(CONSOLE_KEPT)}.`);
  expect(await shown()).toBe(`${'x'.repeat(CONSOLE_KEPT - 1)}.`);
  expect(await plane.resumeConsole('gone' as CreateVm['vm'], 'last words')).toBe(0);
});

it.each<[string, () => Promise<unknown>]>([
  ['installInput', () => plane.installInput('x' as never)],
  ['buildInput', () => plane.buildInput('x' as never)],
  ['seedInput', () => plane.seedInput('x' as never)],
  ['network', () => plane.network(9 as never)],
  ['storagePool', () => plane.storagePool('x')],
  ['appendLog', () => plane.appendLog('x' as never, [{ at: 1, step: 's', text: 't' }])],
])('%s says what does not exist', async (_, call) => {
  await expect(call()).rejects.toMatchObject({ fault: { kind: 'not-found' } });
});

it('names the networks of a node', async () => {
  expect(await plane.networksOf('hv1' as never)).toEqual([100]);
  expect(await plane.networksOf('hv2' as never)).toEqual([]);
  expect(await plane.network(100 as never)).toMatchObject({ vni: 100, ip4: { gateway: '10.1.0.1' } });
});

it('lets a creation say what the base image that it waits for is at', async () => {
  const control = controlActivities(c.store);
  await control.beginCreation(cmd, 9);
  const claim = await control.claimBase(cmd.base!, cmd.node, workflowId(cmd.task));
  if (claim.is !== 'build') throw new Error('nobody else builds it');
  await control.beginTask(claim.build, 4);
  await plane.progress(cmd.task, { current: 3, total: 9, status: 'network' });
  await plane.progress(claim.build, { current: 3, total: 4, status: 'build' });
  await plane.remark(claim.build, 'build: failed and will be tried again: no mirror');
  expect(await c.services.tasks.get(ADMIN, cmd.task)).toMatchObject({
    current: 3,
    status: expect.stringContaining('no mirror'),
  });
  await plane.progress(claim.build, { current: 3, total: 4, status: 'build' });
  await plane.appendLog(claim.build, [{ at: 1, step: 'build', text: 'I: Retrieving packages' }]);
  expect(await c.services.tasks.get(ADMIN, cmd.task)).toMatchObject({ current: 3, status: 'base image: build (3/4)' });
  expect(await c.services.tasks.log(ADMIN, cmd.task)).toMatchObject([{ line: { text: 'I: Retrieving packages' } }]);
  await control.settleBase(cmd.base!, cmd.node, null, claim.build);
  await plane.progress(claim.build, { current: 4, total: 4, status: 'record' });
  expect(await c.services.tasks.get(ADMIN, cmd.task)).toMatchObject({ status: 'base image: build (3/4)' });
});

it('says what keeps a task waiting though another of its steps is further on, until it goes on or has ended', async () => {
  await plane.progress(cmd.task, { current: 5, total: 9, status: 'network' });
  await plane.remark(cmd.task, 'volume sda: failed and will be tried again: ENOSPC');
  const shown = async () =>
    (({ current, status }) => ({ current, status }))(await c.services.tasks.get(ADMIN, cmd.task));
  expect(await shown()).toEqual({ current: 5, status: 'volume sda: failed and will be tried again: ENOSPC' });
  await plane.progress(cmd.task, { current: 6, total: 9, status: 'install' });
  expect(await shown()).toEqual({ current: 6, status: 'install' });
  await controlActivities(c.store).finishTask(cmd.task, {
    state: 'FAILURE',
    status: 'over',
    error: 'why',
    fault: null,
  });
  await plane.remark(cmd.task, 'too late');
  expect((await shown()).status).toBe('over');
});
