import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { dataDir, type Process, slipway, up } from './installation.ts';
import { createVm, follow } from './task.ts';

const data = dataDir();
const running: Process[] = [];
const begin = async (...args: readonly string[]) => {
  const started = await up(data.dir, ...args);
  running.push(started);
  return started;
};

afterEach(async () => {
  for (const one of running.splice(0)) await one.end();
});
afterAll(() => data.remove());

const cli = (...args: readonly string[]) => slipway(...args, '--data', data.dir);

it('says where everything is in one line of JSON, leaves nothing to guess, and ends in order', async () => {
  const first = await begin('--sim=2');
  const { instance, api } = first;
  expect(Object.keys(instance)).toEqual(['api', 'vmpooler', 'temporal', 'temporalUi', 'token', 'data', 'pid']);
  expect(instance).toMatchObject({ data: data.dir, pid: first.pid });
  expect(first.log()).toMatch(/Temporal: temporal \S+ \(/);

  expect((await api.get('/node')) as object[]).toHaveLength(2);
  expect(await api.get('/network/100')).toMatchObject([{ vni: 100, description: 'default', type: 'managed' }]);
  const profiles = (await api.get('/provisioner/profile')) as { name: string }[];
  expect(profiles.map(({ name }) => name).sort()).toEqual(['cloud-image', 'debian-12', 'empty']);

  for (const path of ['/healthz', '/readyz', '/docs/', '/api/v1/openapi.json'])
    expect((await fetch(`${instance.api}${path}`)).status, path).toBe(200);
  const metrics = await (await fetch(`${instance.api}/metrics`)).text();
  for (const name of ['slipway_http_request_duration_seconds', 'slipway_tasks', 'temporal_worker_task_slots_available'])
    expect(metrics).toContain(name);
  expect(await first.end()).toBe(0);
});

it('is where it was on a second start', async () => {
  const before = await begin('--sim=2');
  await before.end();
  const began = performance.now();
  const { instance } = await begin('--sim=2');
  // The contract says 5 s; a machine that is busy with other tests is no place to hold it to that.
  process.stdout.write(`a second start was ready after ${Math.round(performance.now() - began)} ms\n`);
  expect({ ...instance, pid: 0 }).toEqual({ ...before.instance, pid: 0 });
});

it('refuses a second one on the same directory, another process of a node of its own, and the other kind of nodes', async () => {
  const first = await begin('--sim=2');
  const second = await cli('up', '--sim=2');
  expect(second).toMatchObject({ code: 1, stdout: '' });
  expect(second.stderr).toContain('in use by another');
  const node = await cli('node', '--sim', '--name', 'hv2', '--temporal', first.instance.temporal);
  expect([node.code, node.stderr]).toEqual([1, expect.stringContaining('Another process is the node hv2')]);
  await first.end();
  const real = await cli('up');
  expect(real.code).not.toBe(0);
  expect(real.stderr).toMatch(process.getuid?.() === 0 ? /simulated nodes/ : /needs root/);
});

it('says the way out when Temporal or an address cannot be had', async () => {
  const nobody = await cli('up', '--sim', '--temporal', '127.0.0.1:1');
  expect(nobody.code).toBe(69);
  expect(nobody.stderr).toMatch(/does not answer at 127\.0\.0\.1:1.*TEMPORAL_ADDRESS/s);
  const alone = await cli('control');
  expect(alone.code).toBe(69);
  expect(alone.stderr).toContain('--temporal');
  const port = new URL((await begin('--sim')).instance.api).port;
  const other = dataDir();
  const taken = await slipway('up', '--sim', '--data', other.dir, '--listen', `127.0.0.1:${port}`);
  expect(taken.code).toBe(69);
  expect(taken.stderr).toContain('--listen');
  other.remove();
});

it('goes on with what SIGKILL interrupted, its Temporal server included', async () => {
  const first = await begin('--sim=2', '--sim-step-ms', '300');
  const task = await createVm(first.api, 'survivor', 'empty');
  await follow(first.api, task, ({ current }) => current >= 2);
  await first.kill();
  const second = await begin('--sim=2');
  expect((await follow(second.api, task)).state).toBe('SUCCESS');
});

it('ends, with its Temporal server, although that hangs', async () => {
  const first = await begin('--sim=2');
  const { pid } = JSON.parse(readFileSync(join(data.dir, 'temporal.json'), 'utf8')) as { readonly pid: number };
  process.kill(pid, 'SIGSTOP');
  const began = performance.now();
  expect(await first.end()).toBe(0);
  process.stdout.write(`ended beside a Temporal server that hangs after ${Math.round(performance.now() - began)} ms\n`);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('gives the clients all they need: tables, JSON, a bar, and an exit status', async () => {
  await begin('--sim=2');
  const created = await cli('vm', 'create', 'web1', '--profile', 'empty', '--watch');
  expect(created).toMatchObject({ code: 0, stdout: 'Done: web1 runs\n' });
  expect((await cli('vm', 'list')).stdout).toMatch(/^NAME +STATE.*\n.*web1 +start/s);
  expect(JSON.parse((await cli('vm', 'show', 'web1', '--json')).stdout)).toMatchObject([
    { name: 'web1', state: 'start' },
  ]);
  expect((await cli('node', 'list')).stdout).toMatch(/hv1 +run/);
  const again = await cli('vm', 'create', 'web1', '--profile', 'empty');
  expect(again.code).toBe(1);
  expect(again.stderr).toContain("already a VM 'web1'");
  expect((await cli('vm', 'delete', 'web1', '--watch')).code).toBe(0);
  expect((await cli('profile', 'render', 'debian-12', 'web9')).code).toBe(0);
  expect((await cli('profile', 'delete', 'debian-12')).stdout).toContain('debian-12');
  expect(await cli('profile', 'show', 'debian-12')).toMatchObject({ code: 1 });
});

it('down ends what a killed one left', async () => {
  const first = await begin('--sim=1');
  await first.kill();
  const [host = '', port] = first.instance.temporal.split(':');
  const answers = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect({ host, port: Number(port) }, () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  expect(await answers()).toBe(true);
  expect((await cli('down')).code).toBe(0);
  expect(await answers()).toBe(false);
});
