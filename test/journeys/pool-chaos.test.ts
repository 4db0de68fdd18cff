import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, apiClient } from '../../cli/client/api.ts';
import { freePort } from '../../cli/instance/ports.ts';
import { type DevServer, devServer } from '../../cli/temporal/dev-server.ts';
import { dataDir, type Process, role, up } from './installation.ts';

/** The figures. */
const CLIENTS = 50;
const LASTS_MS = 60_000;
/** Between kills, one API process after the other. */
const KILL_EVERY_MS = 4_000;
const READY = 40;

interface ApiProcess {
  readonly url: string;
  readonly start: () => Promise<void>;
  process: Process | undefined;
}

const data = dataDir();
const others: Process[] = [];
const apis: ApiProcess[] = [];
let server: DevServer;
let native: Api;
let control: () => Promise<Process>;

beforeAll(async () => {
  const first = await up(data.dir, '--sim=1');
  const { token } = first.instance;
  expect(await first.end()).toBe(0);
  server = await devServer(data.dir);
  const shared = ['--data', data.dir, '--temporal', server.address];
  for (let index = 0; index < 2; index += 1) {
    const [listen, metadata, vmpooler] = [
      await freePort('127.0.0.1'),
      await freePort('127.0.0.1'),
      await freePort('127.0.0.1'),
    ];
    const ports = ['--listen', `127.0.0.1:${listen}`, '--metadata', `127.0.0.1:${metadata}`];
    const start = async (): Promise<void> => {
      one.process = await role('api', ...shared, ...ports, '--vmpooler', `127.0.0.1:${vmpooler}`);
    };
    const one: ApiProcess = { url: `http://127.0.0.1:${vmpooler}/api/v1`, start, process: undefined };
    apis.push(one);
    await start();
    native ??= apiClient({ api: `http://127.0.0.1:${listen}`, token });
  }
  control = () => role('control', ...shared);
  others.push(await role('node', ...shared, '--sim', '--name', 'hv1'));
});

afterAll(async () => {
  for (const one of [...apis.map((api) => api.process), ...others]) await one?.end();
  await server?.stop();
  data.remove();
});

const url = (client: number): string => apis[client % 2]?.url ?? '';

/** What is known of VMs by those who use them. */
interface Ledger {
  /** By VM, who was told that it is theirs. */
  readonly given: Map<string, number[]>;
  readonly returned: Set<string>;
  refused: number;
  broken: number;
}

async function checkOut(client: number, wait: number, ledger: Ledger): Promise<string | null> {
  let answer: Response;
  try {
    answer = await fetch(`${url(client)}/vm/any?wait=${wait}`, { method: 'POST' });
  } catch {
    ledger.broken += 1;
    return null;
  }
  if (answer.status === 503) ledger.refused += 1;
  if (answer.status !== 200) return null;
  const body = (await answer.json().catch(() => null)) as { any: { hostname: string } } | null;
  if (body === null) {
    ledger.broken += 1;
    return null;
  }
  const name = body.any.hostname;
  ledger.given.set(name, [...(ledger.given.get(name) ?? []), client]);
  return name;
}

/** One after the other until the time is over; what an API that was killed did not answer is asked of the other one. */
async function work(client: number, until: number, ledger: Ledger): Promise<void> {
  for (let turn = client; Date.now() < until; turn += 1) {
    const name = await checkOut(turn, 20, ledger);
    if (name === null || turn % 5 === 0) continue;
    for (let attempt = turn; Date.now() < until + 20_000; attempt += 1) {
      const status = await fetch(`${url(attempt)}/vm/${name}`, { method: 'DELETE' }).then(
        (answer) => answer.status,
        () => 0,
      );
      // 404: the answer to an attempt that was carried out was lost.
      if (status === 200 || status === 404) break;
      await pause(50);
    }
    ledger.returned.add(name);
  }
}

async function kill(until: number): Promise<number> {
  let kills = 0;
  for (; Date.now() < until - KILL_EVERY_MS; kills += 1) {
    await pause(KILL_EVERY_MS);
    const victim = apis[kills % 2];
    await victim?.process?.kill();
    await victim?.start();
  }
  return kills;
}

const readyNow = async (): Promise<number> =>
  ((await native.get('/pool')) as { ready: number }[]).reduce((sum, { ready }) => sum + ready, 0);

async function settled(count: number): Promise<void> {
  while ((await readyNow()) !== count) await pause(200);
}

const stateOf = async (name: string): Promise<string> => {
  const answer = await fetch(`${url(0)}/vm/${name}`);
  return ((await answer.json()) as Record<string, { state: string }>)[name]?.state ?? `${answer.status}`;
};

it('gives no VM twice, loses none and turns nobody away while there are enough', { timeout: 300_000 }, async () => {
  let keeper = await control();
  await native.post('/pool', { name: 'ci', profile: 'empty', size: READY - 10, alias: 'any' });
  await native.post('/pool', { name: 'qa', profile: 'empty', size: 10, alias: 'any' });
  await settled(READY);

  // Nothing is refilled meanwhile: as many as there are ask at once, of both processes, and one more.
  await keeper.end();
  const rush: Ledger = { given: new Map(), returned: new Set(), refused: 0, broken: 0 };
  await Promise.all(Array.from({ length: READY }, (_, client) => checkOut(client, 0, rush)));
  expect({ given: rush.given.size, refused: rush.refused }).toEqual({ given: READY, refused: 0 });
  expect(await checkOut(0, 0, rush)).toBeNull();
  expect(rush.refused).toBe(1);
  keeper = await control();
  others.push(keeper);
  await settled(READY);

  const ledger: Ledger = { given: new Map(), returned: new Set(), refused: 0, broken: 0 };
  const until = Date.now() + LASTS_MS;
  const [kills] = await Promise.all([
    kill(until),
    ...Array.from({ length: CLIENTS }, (_, client) => work(client, until, ledger)),
  ]);
  const twice = [...ledger.given].filter(([name, clients]) => clients.length > 1 || rush.given.has(name));
  process.stdout.write(
    `${ledger.given.size} checkouts by ${CLIENTS} clients, ${kills} kills, ${ledger.broken} answers lost, ` +
      `${ledger.refused} refused after 20 s, ${twice.length} given twice\n`,
  );
  expect(twice).toEqual([]);
  // However slow the machine is that this runs on: some of both.
  expect(kills).toBeGreaterThan(3);
  expect(ledger.given.size).toBeGreaterThan(CLIENTS / 2);

  await settled(READY);
  const kept = [...ledger.given.keys()].filter((name) => !ledger.returned.has(name));
  for (const name of kept) expect(await stateOf(name), name).toBe('running');
  for (const name of ledger.returned) expect(await stateOf(name), name).toMatch(/^(completed|destroyed)$/);
  // Every VM that there is belongs to somebody, or waits to.
  const pools = (await native.get('/pool')) as { ready: number; running: number }[];
  const vms = (await native.get('/vm')) as unknown[];
  expect(vms.length).toBeGreaterThanOrEqual(pools.reduce((sum, { ready, running }) => sum + ready + running, 0));
});
