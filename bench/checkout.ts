import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { freePort } from '../cli/instance/ports.ts';
import { pathsOf } from '../cli/paths.ts';
import { devServer } from '../cli/temporal/dev-server.ts';
import { dataDir, role } from '../test/journeys/installation.ts';
import { seedPool } from './bare/pool.ts';
import { ms, quantile, rate, row, timed } from './figures.ts';

/*
 * node bench/checkout.ts [PAIRS]
 *
 * What a checkout and its deletion cost one API process, with 20, 717 and 5,000 VMs ready, beside Express alone answering two
 * requests by the same client, and two commits of SQLite alone that survive a power cut. Nobody refills the pool: the store itself
 * makes a VM that is given back ready again, so that there are as many at the end. Prints figures and ratios; fails only if a request does.
 */

const SIZES = [20, 717, 5_000] as const;
const [, , pairsText = '4000'] = process.argv;
const PAIRS = Number(pairsText);
const LANES = 16;
const POOL = 'bench';
/** As large as a checkout's answer. */
const ANSWER_BYTES = 90;

const agent = new Agent({ keepAlive: true, maxSockets: LANES });

function ask(method: string, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, agent, headers: { 'Content-Length': '0' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('end', () =>
        response.statusCode === 200
          ? resolve(text)
          : reject(new Error(`${method} ${url}: ${response.statusCode} ${text}`)),
      );
    });
    asked.once('error', reject);
    asked.end();
  });
}

/** A checkout and its deletion; `took` collects how long the checkout was. */
async function pair(origin: string, took: number[]): Promise<void> {
  let text = '';
  took.push(
    await timed(async () => {
      text = await ask('POST', `${origin}/vm/${POOL}`);
    }),
  );
  const answer = JSON.parse(text) as Record<string, { hostname: string }>;
  await ask('DELETE', `${origin}/vm/${answer[POOL]?.hostname}`);
}

interface Measured {
  readonly perSecond: number;
  /** Milliseconds of a processor that the server used for each pair. */
  readonly cpu: number;
  /** How long each checkout took, in ms. */
  readonly took: readonly number[];
}

/** Of this server, after a warm-up. */
async function pairs(pid: number, one: (took: number[]) => Promise<void>): Promise<Measured> {
  await rate(PAIRS / 4, LANES, () => one([]));
  const took: number[] = [];
  const before = cpuMs(pid);
  const perSecond = await rate(PAIRS, LANES, () => one(took));
  return { perSecond, cpu: (cpuMs(pid) - before) / PAIRS, took };
}

/** Of all threads of a process; Linux counts in hundredths of a second. */
function cpuMs(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const words = fields.split(' ');
  return (Number(words[11]) + Number(words[12])) * 10;
}

async function bareExpress(): Promise<Measured> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare/express.ts'), `${ANSWER_BYTES}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [url] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    const origin = url.trim().replace(/\/$/, '');
    const both = async (): Promise<void> => {
      JSON.parse(await ask('POST', `${origin}/vm/${POOL}`));
      await ask('DELETE', `${origin}/vm/abcdefghijklmno`);
    };
    return await pairs(child.pid ?? 0, both);
  } finally {
    child.kill();
  }
}

/** Two updates of one row each, committed one after the other. */
function bareCommits(dir: string): number {
  const db = new BetterSqlite3(join(dir, 'bare.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, state TEXT)');
  db.exec("INSERT INTO t VALUES (1, 'ready')");
  const update = db.prepare('UPDATE t SET state = ? WHERE id = 1');
  const began = performance.now();
  for (let index = 0; index < PAIRS; index += 1) {
    update.run('running');
    update.run('completed');
  }
  const perSecond = (PAIRS * 1_000) / (performance.now() - began);
  db.close();
  return perSecond;
}

async function measure(size: number, temporal: string): Promise<Measured> {
  const data = dataDir();
  await seedPool(pathsOf(data.dir).store, POOL, size);
  const [listen, metadata, vmpooler] = [
    await freePort('127.0.0.1'),
    await freePort('127.0.0.1'),
    await freePort('127.0.0.1'),
  ];
  const at = (port: number): string => `127.0.0.1:${port}`;
  const options = ['--listen', at(listen), '--metadata', at(metadata), '--vmpooler', at(vmpooler)];
  const api = await role('api', '--data', data.dir, '--temporal', temporal, ...options);
  try {
    const origin = `http://${at(vmpooler)}`;
    return await pairs(api.pid, (took) => pair(origin, took));
  } finally {
    await api.end();
    data.remove();
  }
}

const home = dataDir();
const server = await devServer(home.dir);
try {
  const commits = bareCommits(home.dir);
  const express = await bareExpress();
  const per = ({ perSecond, cpu }: Measured): string => `${perSecond.toFixed(0)}/s  ${cpu.toFixed(2)} ms`;
  row('Two commits of SQLite alone: pairs', `${commits.toFixed(0)}/s`);
  row(`Express alone, ${LANES} in flight: pairs; its CPU for one`, per(express));
  let smallest: Measured | undefined;
  for (const size of SIZES) {
    const measured = await measure(size, server.address);
    smallest ??= measured;
    const { perSecond, took } = measured;
    row(`${size} ready: pairs; the API's CPU for one`, per(measured));
    const of = (other: number): string => (perSecond / other).toFixed(2);
    row(
      `  of Express, of the commits, of ${SIZES[0]} ready`,
      `${of(express.perSecond)}  ${of(commits)}  ${of(smallest.perSecond)}`,
    );
    row('  a checkout: p50, p99', `${ms(quantile(took, 0.5))}  ${ms(quantile(took, 0.99))}`);
  }
} finally {
  agent.destroy();
  await server.stop();
  home.remove();
}
