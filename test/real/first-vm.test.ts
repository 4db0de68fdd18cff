import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { slipway, type Up, up } from '../journeys/installation.ts';
import { createVm, deleteVm, follow } from '../journeys/task.ts';

/*
 * The main job, really: packages from a mirror, libvirt, a guest that boots. Everything through the processes and the API
 * that a user has. The tests build on each other, in their order.
 */

const MINUTES = 60_000;
const data = inject('data');
const scratch = mkdtempSync(join(tmpdir(), 'slipway-'));
let running: Up;

beforeAll(async () => {
  running = await up(data);
});

afterAll(async () => {
  await running.end();
  rmSync(scratch, { recursive: true, force: true });
});

const consoleOf = async (vm: string): Promise<string> =>
  ((await running.api.get(`/vm/${vm}/console`, { lines: 2000 })) as { data: string }).data;
const builds = async (): Promise<number> => {
  const { finished } = (await running.api.get('/tasks', { finished: true, limit: 1000 })) as {
    finished: { task_name: string }[];
  };
  return finished.filter((task) => task.task_name === 'image.build').length;
};
const pool = (): string => join(data, 'pools', 'vms');

it('turns the profile debian-12 into a guest that cloud-init has configured', { timeout: 10 * MINUTES }, async () => {
  const seen = new Set<string>();
  const task = await createVm(running.api, 'real1', 'debian-12');
  const end = await follow(running.api, task, ({ status }) => {
    seen.add(status);
    return false;
  });
  expect(end.state, end.status).toBe('SUCCESS');
  for (const step of ['base image', 'install', 'define', 'start', 'wait for cloud-init'])
    expect([...seen].join(), `step ${step}`).toContain(step);

  const text = await consoleOf('real1');
  expect(text).toMatch(/real1 login:/);
  // Its user-data says this line, and where it came from is the metadata service and no seed.
  expect(text).toContain('real1 is ready');
  expect(text).toMatch(/Cloud-init v\..* finished .*DataSourceEc2/);
  expect(readdirSync(join(data, 'nodes', hostname().split('.')[0] ?? ''))).not.toContain('seeds');
  expect(await builds()).toBe(1);
});

it('has made the directory that image files are put into', () => {
  expect(readdirSync(join(data, 'images'))).toEqual([]);
});

it('lets nobody else be a real node of this host beside it, by whatever name', async () => {
  const node = ['node', '--name', 'other', '--temporal', running.instance.temporal, '--metadata', '127.0.0.1:1'];
  const other = await slipway(...node, '--data', data);
  expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/Another process is the real node of .*/)]);
  expect(await running.api.get('/node')).toHaveLength(1);
});

it('leaves no setting of the build in the base image', () => {
  const [base = ''] = readdirSync(pool()).filter((name) => name.startsWith('base-') && name.endsWith('.raw'));
  const list = (dir: string): string =>
    execFileSync('debugfs', ['-R', `ls -p ${dir}`, join(pool(), base)], { encoding: 'utf8', stdio: 'pipe' });
  // What packages bring is there; what mmdebstrap wrote for itself, with this host's proxy, is not.
  expect(list('/etc/apt/apt.conf.d')).toContain('/01autoremove/');
  for (const dir of ['/etc/apt/apt.conf.d', '/etc/dpkg/dpkg.cfg.d']) expect(list(dir)).not.toContain('mmdebstrap');
});

it('clones the base image for the second, and survives SIGKILL of everything in the middle', {
  timeout: 10 * MINUTES,
}, async () => {
  const task = await createVm(running.api, 'real2', 'debian-12');
  await follow(running.api, task, ({ status }) => /install|define|start/.test(status));
  await running.kill();
  running = await up(data);
  const end = await follow(running.api, task);
  expect(end.state, end.status).toBe('SUCCESS');
  expect(await consoleOf('real2')).toContain('real2 is ready');
  expect(await builds()).toBe(1);

  const [disk] = readdirSync(pool()).filter((name) => name.startsWith('real2_'));
  const info = JSON.parse(
    execFileSync('qemu-img', ['info', '--force-share', '--output=json', join(pool(), disk ?? '')], {
      encoding: 'utf8',
    }),
  ) as { 'backing-filename'?: string };
  expect(info['backing-filename']).toMatch(/base-/);
});

it('gives a script no way out, and undoes what it began', { timeout: 2 * MINUTES }, async () => {
  cpSync(join(import.meta.dirname, 'hostile'), scratch, { recursive: true });
  const script = join(scratch, 'script.py');
  const values: Record<string, string> = {
    DATA_DIR: JSON.stringify(data),
    HOST_PID: String(process.pid),
    API_PORT: new URL(running.instance.api).port,
  };
  writeFileSync(
    script,
    readFileSync(script, 'utf8').replace(/DATA_DIR|HOST_PID|API_PORT/g, (name) => values[name] ?? name),
  );
  const applied = await slipway('profile', 'apply', scratch, '--data', data);
  expect(applied.code, applied.stderr).toBe(0);

  const before = readdirSync(pool());
  const task = await createVm(running.api, 'hostile1', 'hostile');
  const end = await follow(running.api, task);
  expect(end.state).toBe('FAILURE');
  expect(end.status).toContain('a hostile script ends here');
  const log = (await running.api.get(`/tasks/${task}/log`)) as { lines: { text: string }[] };
  const lines = log.lines.map(({ text }) => text);
  expect(lines).toContain('tried everything');
  expect(lines.filter((line) => line.startsWith('OPEN'))).toEqual([]);
  expect(lines.filter((line) => line.startsWith('closed'))).toHaveLength(9);
  expect(readdirSync(pool())).toEqual(before);
  await expect(running.api.get('/vm/hostile1')).rejects.toThrow();
});

it('stops, starts and deletes guests, and leaves nothing of them', { timeout: 3 * MINUTES }, async () => {
  const change = async (state: string): Promise<string> => {
    const { task_id } = (await running.api.post('/vm/real1/state', { state })) as { task_id: string };
    return (await follow(running.api, task_id)).state;
  };
  expect(await change('stop')).toBe('SUCCESS');
  expect(await running.api.get('/vm/real1')).toMatchObject([{ state: 'stop' }]);
  expect(await change('start')).toBe('SUCCESS');
  for (const name of ['real1', 'real2']) {
    const end = await follow(running.api, await deleteVm(running.api, name));
    expect(end.state, end.status).toBe('SUCCESS');
  }
  expect(await running.api.get('/vm')).toEqual([]);
  expect(readdirSync(pool()).filter((name) => !name.startsWith('base-'))).toEqual([]);
});
