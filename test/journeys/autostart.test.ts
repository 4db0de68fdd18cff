import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { pathsOf } from '../../cli/paths.ts';
import { dataDir, type Process, slipway, type Up, up } from './installation.ts';
import { createVm, FINAL, follow } from './task.ts';

const data = dataDir();
const profiles = dataDir();
const running: Process[] = [];
const begin = async () => {
  const started = await up(data.dir, '--sim=1');
  running.push(started);
  return started;
};

afterEach(async () => {
  for (const one of running.splice(0)) await one.end();
});
afterAll(() => {
  data.remove();
  profiles.remove();
});

const cli = (...args: readonly string[]) => slipway(...args, '--data', data.dir);

/** The profile `empty`, of VMs that start with their node. */
function autostarting(): string {
  const dir = join(profiles.dir, 'auto');
  cpSync(join(import.meta.dirname, '../../profiles/empty'), dir, { recursive: true });
  const file = join(dir, 'profile.yaml');
  const text = readFileSync(file, 'utf8').replace('name: empty', 'name: auto');
  writeFileSync(file, text.replace('system:\n', 'system:\n  autostart: true\n'));
  return dir;
}

/** The VMs' states, once no task goes on any more. */
async function settled({ api }: Up): Promise<Readonly<Record<string, string>>> {
  const tasks = (await api.get('/tasks', { finished: true, limit: 100 })) as {
    active: Record<string, { id: string }[]>;
    reserved: Record<string, { id: string }[]>;
  };
  const going = [tasks.active, tasks.reserved].flatMap((byNode) => Object.values(byNode).flat());
  for (const { id } of going) await follow(api, id, ({ state }) => FINAL.includes(state));
  const vms = (await api.get('/vm')) as { name: string; state: string }[];
  return Object.fromEntries(vms.map(({ name, state }) => [name, state]));
}

it('starts VMs with their node after its guests were ended or its host was booted, and after no mere restart', async () => {
  const first = await begin();
  expect(await cli('profile', 'apply', autostarting())).toMatchObject({ code: 0 });
  for (const [name, profile] of [
    ['auto1', 'auto'],
    ['auto2', 'auto'],
    ['plain', 'empty'],
  ] as const)
    expect((await follow(first.api, await createVm(first.api, name, profile))).state).toBe('SUCCESS');
  expect((await cli('vm', 'stop', 'auto2', '--watch')).code).toBe(0);
  await first.end();

  const restarted = await begin();
  expect(await settled(restarted)).toEqual({ auto1: 'start', auto2: 'stop', plain: 'start' });
  await restarted.end();

  expect((await cli('down', '--guests')).code).toBe(0);
  const resumed = await begin();
  expect(await settled(resumed)).toEqual({ auto1: 'start', auto2: 'start', plain: 'stop' });
  expect((await cli('vm', 'stop', 'auto1', '--watch')).code).toBe(0);
  await resumed.kill();

  // Another boot's, as a host that lost its power leaves it.
  writeFileSync(pathsOf(data.dir).nodeBoot('hv1'), 'a0000000-0000-4000-8000-000000000000\n');
  expect(await settled(await begin())).toEqual({ auto1: 'start', auto2: 'start', plain: 'stop' });
}, 60_000);
