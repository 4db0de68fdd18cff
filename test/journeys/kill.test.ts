import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, apiClient } from '../../cli/client/api.ts';
import { TaskDocument } from '../../cli/client/task.ts';
import { freePort } from '../../cli/instance/ports.ts';
import { type DevServer, devServer } from '../../cli/temporal/dev-server.ts';
import { dataDir, type Process, role, up } from './installation.ts';

/** Long enough to be killed in, short enough to run often. */
const STEP_MS = 150;
const VICTIMS = ['api', 'control', 'node', 'temporal'] as const;
type Victim = (typeof VICTIMS)[number];
const FINAL = ['SUCCESS', 'FAILURE', 'REVOKED'];

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

/** The task's states, each once, over breaks of the stream, until `wanted` is seen; resolves with that. */
async function watch(id: string, wanted: (task: TaskDocument) => boolean): Promise<TaskDocument> {
  for (;;) {
    const stop = new AbortController();
    try {
      for await (const event of api.events(`/tasks/${id}/events`, stop.signal)) {
        if (event.event !== 'task') continue;
        const task = TaskDocument.parse(JSON.parse(event.data));
        if (wanted(task) || FINAL.includes(task.state)) return task;
      }
    } catch {
      // The API was killed: it is started again.
    } finally {
      stop.abort();
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const create = async (name: string): Promise<string> =>
  ((await api.post('/provisioner/create', { name, profile: 'debian-12' })) as { task_id: string }).task_id;
const remove = async (name: string): Promise<string> =>
  ((await api.delete(`/vm/${name}`, { delete_disks: true })) as { task_id: string }).task_id;

/** Steps of a task that nobody disturbs. */
async function stepsOf(id: string): Promise<number> {
  const { state, total, status } = await watch(id, () => false);
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

it('finishes or undoes every task, whichever process is killed at whichever step', { timeout: 900_000 }, async () => {
  const creation = await stepsOf(await create('first'));
  const deletion = await stepsOf(await remove('first'));
  const untouched = world();
  const kills: { readonly victim: Victim; readonly what: string; readonly task: string }[] = [];

  const killAt = async (victim: Victim, step: number, task: string, what: string): Promise<void> => {
    await watch(task, ({ current }) => current >= step);
    await alive.get(victim)?.kill();
    await begin[victim]();
    kills.push({ victim, what: `${what}, step ${step}`, task });
  };

  for (const victim of VICTIMS) {
    for (let step = 0; step <= creation; step += 1)
      await killAt(victim, step, await create(`${victim}-${step}`), 'create');
  }
  const ends = await Promise.all(kills.map(async (kill) => ({ ...kill, ...(await watch(kill.task, () => false)) })));
  for (const end of ends) expect(end.state, `${end.victim} killed at ${end.what}: ${end.status}`).toBe('SUCCESS');

  const names = VICTIMS.flatMap((victim) => Array.from({ length: creation + 1 }, (_, step) => `${victim}-${step}`));
  const vms = (await api.get('/vm')) as { name: string; state: string }[];
  expect(vms.map(({ name }) => name).sort()).toEqual([...names].sort());
  expect(vms.filter(({ state }) => state !== 'start')).toEqual([]);

  const deletions: Promise<string>[] = [];
  for (const victim of VICTIMS) {
    for (let step = 0; step <= deletion; step += 1) {
      const name = names.shift() ?? '';
      const task = await remove(name);
      await killAt(victim, step, task, 'delete');
      deletions.push(watch(task, () => false).then(({ state }) => state));
    }
  }
  const rest = await Promise.all(names.map(async (name) => watch(await remove(name), () => false)));
  expect([...new Set([...(await Promise.all(deletions)), ...rest.map(({ state }) => state)])]).toEqual(['SUCCESS']);
  expect(await api.get('/vm')).toEqual([]);
  expect(world()).toEqual(untouched);
  process.stdout.write(`${kills.length} kills, ${kills.length} survived\n`);
});
