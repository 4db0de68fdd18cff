import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Api, apiClient } from '../../cli/client/api.ts';
import type { TaskDocument } from '../../cli/client/task.ts';
import { claimDirectory } from '../../cli/instance/directory.ts';
import { freePort } from '../../cli/instance/ports.ts';
import { pathsOf } from '../../cli/paths.ts';
import { type DevServer, devServer } from '../../cli/temporal/dev-server.ts';
import { isAlive } from '../../cli/temporal/process.ts';
import { dataDir, type Process, role } from './installation.ts';
import { follow } from './task.ts';

/** Long enough to be killed in, short enough to run often. */
const STEP_MS = 150;
const VICTIMS = ['api', 'control', 'node', 'temporal'] as const;
type Victim = (typeof VICTIMS)[number];

/** A kill, and how the task that it hit ended. */
export interface Kill {
  readonly victim: Victim;
  readonly what: string;
  readonly ended: Promise<TaskDocument>;
}

/** An installation of one simulated node whose every process can be killed, and is started again at once. */
export interface KillLab {
  readonly api: Api;
  /** Kills the victim when the task is at this step. */
  killAt(victim: Victim, verb: string, task: string, step: number): Promise<Kill>;
  /** What the simulated host keeps, and what of a real one there should not be. */
  world(): readonly string[];
  end(): Promise<void>;
}

/**
 * Does this with each victim, in an installation of its own, all at the same time: most of it is waiting for what was killed
 * to be missed. Ends them, whatever comes of it.
 */
export async function withEachVictim<T>(work: (victim: Victim, lab: KillLab) => Promise<T>): Promise<readonly T[]> {
  const ends = await Promise.allSettled(
    VICTIMS.map(async (victim) => {
      const lab = await killLab();
      try {
        return await work(victim, lab);
      } finally {
        await lab.end();
      }
    }),
  );
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}

async function killLab(): Promise<KillLab> {
  const data = dataDir();
  // The server's files come first, as they do with 'up'.
  claimDirectory(data.dir);
  const alive = new Map<Victim, { kill(): Promise<void>; end(): Promise<unknown> }>();
  const [apiPort, metadataPort] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  let server: DevServer;
  const shared = () => ['--data', data.dir, '--temporal', server.address];
  const keep = async (victim: Victim, starting: Promise<Process>): Promise<void> =>
    void alive.set(victim, await starting);
  const begin: Record<Victim, () => Promise<void>> = {
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
  const paths = pathsOf(data.dir);
  const token = readFileSync(paths.token, 'utf8').trim();
  const api = apiClient({ api: `http://127.0.0.1:${apiPort}`, token });
  return {
    api,
    killAt: async (victim, verb, task, step) => {
      await follow(api, task, ({ current }) => current >= step);
      await alive.get(victim)?.kill();
      await begin[victim]();
      return { victim, what: `${verb}, step ${step}`, ended: follow(api, task) };
    },
    world: () =>
      (readdirSync(data.dir, { recursive: true, withFileTypes: true }) as Dirent[])
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((path) => [paths.sim, paths.pools].some((dir) => path.startsWith(dir)))
        .sort(),
    end: async () => {
      for (const victim of ['api', 'node', 'control', 'temporal'] as const) await alive.get(victim)?.end();
      data.remove();
    },
  };
}

/** Its process is nobody's child here: gone when signalling it fails. */
async function killServer({ pid }: DevServer): Promise<void> {
  process.kill(pid, 'SIGKILL');
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Names of those whose task did not succeed, with the reason. */
export async function lost(kills: readonly Kill[]): Promise<readonly string[]> {
  const ends = await Promise.all(kills.map(async (kill) => ({ ...kill, ...(await kill.ended) })));
  return ends
    .filter(({ state }) => state !== 'SUCCESS')
    .map(({ victim, what, state, status }) => `${victim} killed at ${what}: ${state} ${status}`);
}

/** Says how many kills there were and how many survived; returns the lines of those that did not. */
export function report(
  what: string,
  struck: readonly { readonly kills: readonly Kill[]; readonly failed: readonly string[] }[],
): readonly string[] {
  const [kills, failed] = [struck.flatMap((each) => each.kills), struck.flatMap((each) => each.failed)];
  process.stdout.write(`${kills.length} kills ${what}, ${kills.length - failed.length} survived\n`);
  return failed;
}
