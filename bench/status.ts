import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openStore } from '../store/open.ts';
import { seedClones } from '../test/dialects/vmpooler/busy.ts';
import { nameSite, seedEntries, seedPool } from '../test/pool-rows.ts';
import { ms, quantile, rate, row, timed } from './figures.ts';

/*
 * node bench/status.ts
 *
 * What GET /status costs with 60 pools and 2,000 clones today, on one API process: at rest, and while another process commits
 * all the time; beside a bare Express app that sends a text of the same size, asked by the same client in the same run.
 */

const POOLS = 60;
const CLONES = 2_000;
const IN_FLIGHT = 16;
const WARM = 2_000;
const COUNT = 10_000;

const dir = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
const file = join(dir, 'slipway.db');
const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });

/** The body's length. */
const ask = (url: string): Promise<number> =>
  new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      response.once('end', () =>
        response.statusCode === 200 ? resolve(length) : reject(new Error(`${response.statusCode}`)),
      );
    }).once('error', reject);
  });

/** A process of its own that says where it listens. */
async function server(program: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${program} ended`)));
  ended.catch(() => undefined);
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])) as [string];
  return {
    url: line,
    end: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

async function measure(what: string, url: string): Promise<number> {
  await rate(WARM, IN_FLIGHT, () => ask(url));
  const took: number[] = [];
  const perSecond = await rate(COUNT, IN_FLIGHT, async () => {
    took.push(await timed(() => ask(url)));
  });
  row(
    `  ${what}: requests/s, p50, p99`,
    `${perSecond.toFixed(0)}  ${ms(quantile(took, 0.5))}  ${ms(quantile(took, 0.99))}`,
  );
  return perSecond;
}

const store = openStore(file);
const names = Array.from({ length: POOLS }, (_, n) => `os${n % 6}-${n}-x86_64`);
await store.write(async (tx) => {
  await nameSite(tx, 'bench');
  for (const name of names) {
    await seedPool(tx, { name, size: 12, aliases: [`${name}-alias`] });
    await seedEntries(tx, name, 'ready', 12);
    await seedEntries(tx, name, 'running', 3);
    await seedEntries(tx, name, 'destroyed', Math.ceil(CLONES / POOLS));
  }
  await seedClones(tx, CLONES, names);
});

const api = await server('status-server.ts', file);
const url = `${api.url}/status`;
const size = await ask(url);
const bare = await server('bare/express.ts', String(size));
let committing = true;
let commits = 0;
const commit = async (): Promise<void> => {
  while (committing) {
    await store.write((tx) => nameSite(tx, `bench ${commits}`));
    commits += 1;
    // Others have to get a turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
};
try {
  process.stdout.write(`/status of ${POOLS} pools, ${CLONES} clones today: ${size} bytes, ${IN_FLIGHT} in flight\n`);
  const base = await measure('bare Express, a text of this size', bare.url);
  const rest = await measure('at rest', url);
  const writer = commit();
  const began = performance.now();
  const busy = await measure('while every commit changes it', url);
  committing = false;
  await writer;
  row('    commits/s meanwhile', (commits / ((performance.now() - began) / 1000)).toFixed(0));
  row('  ratio to bare Express: at rest, while it changes', `${(rest / base).toFixed(2)}  ${(busy / base).toFixed(2)}`);
} finally {
  committing = false;
  agent.destroy();
  await api.end();
  await bare.end();
  await store.close();
  rmSync(dir, { recursive: true });
}
