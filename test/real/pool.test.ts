import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type Up, up } from '../journeys/installation.ts';

/*
 * A pool of real Debian guests: made from packages, checked out, looked into over SSH, taken back to a snapshot, given back. By the
 * calls that vmpooler's clients make. The tests build on each other, in their order.
 */

const MINUTES = 60_000;
const run = promisify(execFile);
const data = inject('data');
const scratch = mkdtempSync(join(tmpdir(), 'slipway-'));
const key = join(scratch, 'id');
let running: Up;
let vmpooler: string;
let host: string;

beforeAll(async () => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  running = await up(data, '--vmpooler', '127.0.0.1:0');
  vmpooler = `${(running.instance as { vmpooler: string }).vmpooler}/api/v1`;
});

afterAll(async () => {
  await running.end();
  rmSync(scratch, { recursive: true, force: true });
});

type Json = Record<string, unknown>;

async function call(method: string, path: string): Promise<Json & { status: number }> {
  const answer = await fetch(`${vmpooler}${path}`, { method });
  return { ...((await answer.json()) as Json), status: answer.status };
}

const vm = async (): Promise<Json> => (await call('GET', `/vm/${host}`))[host] as Json;

/** Asked again and again: this is how vmpooler's clients learn of it. */
async function until<T>(what: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await what();
    if (holds(value)) return value;
    await pause(500);
  }
}

const ready = async (): Promise<number> =>
  ((await running.api.get('/pool/debian')) as { ready: number }[])[0]?.ready ?? 0;

/** Runs a command in the guest, as its users do. */
async function inGuest(...command: readonly string[]): Promise<string> {
  const { ip } = await vm();
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'ConnectTimeout=30', 'LogLevel=ERROR'];
  const words = [...options.flatMap((option) => ['-o', option]), '-i', key, `debian@${ip}`, ...command];
  return (await run('ssh', words, { encoding: 'utf8', timeout: MINUTES })).stdout;
}

it('fills a pool with two guests that answer', { timeout: 12 * MINUTES }, async () => {
  const ssh_key = readFileSync(`${key}.pub`, 'utf8').trim();
  await running.api.post('/pool', {
    ...{ name: 'debian', template: 'templates/debian-12', profile: 'debian-12', size: 2, alias: 'stable' },
    ...{ probe_port: 22, arg: `ssh_key=${ssh_key}` },
  });
  await until(ready, (count) => count === 2);
  const { pools } = (await call('GET', '/status')) as { pools?: Json } & Json;
  expect(pools).toMatchObject({ debian: { ready: 2, max: 2 } });
});

it('hands one out in a moment, and begins its successor', { timeout: MINUTES }, async () => {
  const began = performance.now();
  const answer = await call('POST', '/vm/stable');
  process.stdout.write(`a Debian guest was handed out in ${Math.round(performance.now() - began)} ms\n`);
  expect(answer).toMatchObject({ status: 200, ok: true, stable: { hostname: expect.any(String) } });
  host = (answer.stable as { hostname: string }).hostname;
  expect(await vm()).toMatchObject({
    template: 'debian',
    state: 'running',
    lifetime: 24,
    ip: expect.stringMatching(/^10\./),
  });
  expect((await inGuest('hostname')).trim()).toBe(host);
  // The network's DNS knows its neighbours, by their short names, too.
  const vms = (await running.api.get('/vm')) as { name: string; state: string }[];
  const { name: other = '' } = vms.find(({ name, state }) => name !== host && state === 'start') ?? {};
  expect(await inGuest('getent', 'hosts', other)).toMatch(/^10\.\d+\.\d+\.\d+ /);
  await until(
    async () => ((await running.api.get('/pool/debian')) as { pending: number }[])[0]?.pending,
    (pending) => pending === 1,
  );
});

it('takes it back to a snapshot, memory and disk', { timeout: 6 * MINUTES }, async () => {
  await inGuest('sudo', 'touch', '/root/before', '/run/before');
  const { [host]: made, status } = await call('POST', `/vm/${host}/snapshot`);
  expect(status).toBe(202);
  const { snapshot } = made as { snapshot: string };
  await until(vm, ({ snapshots }) => Array.isArray(snapshots) && snapshots.includes(snapshot));
  await inGuest('sudo', 'touch', '/root/after', '/run/after');
  await inGuest('sudo', 'rm', '/root/before', '/run/before');
  expect(await call('POST', `/vm/${host}/snapshot/${snapshot}`)).toMatchObject({ status: 202, ok: true });
  // While it is taken back, its connections break.
  const files = async (): Promise<string> =>
    inGuest('sudo', 'sh', '-c', '"cd /; ls root/before run/before root/after run/after 2>/dev/null; true"').catch(
      () => 'not before, not after',
    );
  const found = await until(files, (text) => !text.includes('after'));
  expect(found.trim().split('\n')).toEqual(['root/before', 'run/before']);
});

it('deletes what is given back, and everything with the pool', { timeout: 3 * MINUTES }, async () => {
  expect(await call('DELETE', `/vm/${host}`)).toMatchObject({ status: 200, ok: true });
  await until(vm, ({ state }) => state === 'destroyed');
  await running.api.delete('/pool/debian');
  await until(
    () => running.api.get('/vm'),
    (vms) => (vms as unknown[]).length === 0,
  );
  const volumes = readdirSync(join(data, 'pools', 'vms')).filter((name) => !name.startsWith('base-'));
  expect(volumes).toEqual([]);
});
