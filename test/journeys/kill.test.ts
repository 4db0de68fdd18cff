import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, apiClient } from '../../cli/client/api.ts';
import type { TaskDocument } from '../../cli/client/task.ts';
import { freePort } from '../../cli/instance/ports.ts';
import { type DevServer, devServer } from '../../cli/temporal/dev-server.ts';
import { dataDir, type Process, role, up } from './installation.ts';
import { createVm, deleteVm, follow } from './task.ts';

/** Long enough to be killed in, short enough to run often. */
const STEP_MS = 150;
const VICTIMS = ['api', 'control', 'node', 'temporal'] as const;
type Victim = (typeof VICTIMS)[number];

const data = dataDir();
const alive = new Map<Victim, { kill(): Promise<void>; end(): Promise<unknown> }>();
let api: Api;
let begin: Record<Victim, () => Promise<void>>;

beforeAll(async () => {
  // Prepares the directory: network, storage pool, profiles, token.
  const first = await up(data.dir, '--sim=1');
  const { token } = first.instance;
  expect(await first.end()).toBe(0);

  const [apiPort, metadataPort] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  let server: DevServer;
  const shared = () => ['--data', data.dir, '--temporal', server.address];
  const keep = async (victim: Victim, starting: Promise<Process>): Promise<void> =>
    void alive.set(victim, await starting);
  begin = {
    temporal: async () => {
      server = await devServer(data.dir);
      alive.set('temporal', { kill: () => killServer(server), end: server.stop });
    },
    api: () =>
      keep(
        'api',
        role('api', ...shared(), '--listen', `127.0.0.1:${apiPort}`, '--metadata', `127.0.0.1:${metadataPort}`),
      ),
    control: () => keep('control', role('control', ...shared())),
    node: () => keep('node', role('node', ...shared(), '--sim', '--name', 'hv1', '--sim-step-ms', `${STEP_MS}`)),
  };
  await begin.temporal();
  await Promise.all([begin.api(), begin.control(), begin.node()]);
  api = apiClient({ api: `http://127.0.0.1:${apiPort}`, token });
});

afterAll(async () => {
  for (const victim of ['api', 'node', 'control', 'temporal'] as const) await alive.get(victim)?.end();
  data.remove();
});

/** Its process is nobody's child here: gone when signalling it fails. */
async function killServer({ pid }: DevServer): Promise<void> {
  process.kill(pid, 'SIGKILL');
  const { isAlive } = await import('../../cli/temporal/process.ts');
  while (await isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Steps of a task that nobody disturbs. */
async function stepsOf(id: string): Promise<number> {
  const { state, total, status } = await follow(api, id);
  expect(state, status).toBe('SUCCESS');
  return total;
}

/** What the simulated host keeps; its installer's records of what it was asked to run are no things of a host. */
const world = (): readonly string[] =>
  (readdirSync(join(data.dir, 'sim', 'hv1'), { recursive: true, withFileTypes: true }) as import('node:fs').Dirent[])
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(data.dir.length))
    .filter((path) => !/\/installer\/\w+\/[^/]+\.json$/.test(path))
    .sort();

/** A kill, and how the task that it hit ended. */
interface Kill {
  readonly victim: Victim;
  readonly what: string;
  readonly ended: Promise<TaskDocument>;
}

/** Kills the victim when the task is at this step, and starts it again at once. */
async function killAt(victim: Victim, verb: string, task: string, step: number): Promise<Kill> {
  await follow(api, task, ({ current }) => current >= step);
  await alive.get(victim)?.kill();
  await begin[victim]();
  return { victim, what: `${verb}, step ${step}`, ended: follow(api, task) };
}

/** Names of those whose task did not succeed, with the reason. */
async function lost(kills: readonly Kill[]): Promise<readonly string[]> {
  const ends = await Promise.all(kills.map(async (kill) => ({ ...kill, ...(await kill.ended) })));
  return ends
    .filter(({ state }) => state !== 'SUCCESS')
    .map(({ victim, what, state, status }) => `${victim} killed at ${what}: ${state} ${status}`);
}

it('finishes every task, whichever process is killed at whichever step', { timeout: 900_000 }, async () => {
  const creation = await stepsOf(await createVm(api, 'first', 'debian-12'));
  const deletion = await stepsOf(await deleteVm(api, 'first'));
  const untouched = world();

  const creations: Kill[] = [];
  const names: string[] = [];
  for (const victim of VICTIMS) {
    for (let step = 0; step <= creation; step += 1) {
      const name = `${victim}-${step}`;
      names.push(name);
      creations.push(await killAt(victim, 'create', await createVm(api, name, 'debian-12'), step));
    }
  }
  const failed = [...(await lost(creations))];
  const vms = (await api.get('/vm')) as { name: string; state: string }[];

  const deletions: Kill[] = [];
  const left = vms.map(({ name }) => name);
  for (const victim of VICTIMS) {
    for (let step = 0; step <= deletion; step += 1)
      deletions.push(await killAt(victim, 'delete', await deleteVm(api, left.shift() ?? ''), step));
  }
  await Promise.all(left.map(async (name) => follow(api, await deleteVm(api, name))));
  failed.push(...(await lost(deletions)));

  const kills = creations.length + deletions.length;
  process.stdout.write(`${kills} kills, ${kills - failed.length} survived\n`);
  expect(failed).toEqual([]);
  expect(
    vms
      .filter(({ state }) => state === 'start')
      .map(({ name }) => name)
      .sort(),
  ).toEqual(names.sort());
  expect(await api.get('/vm')).toEqual([]);
  expect(world()).toEqual(untouched);
});
