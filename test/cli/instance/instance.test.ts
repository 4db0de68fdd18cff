import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimDirectory } from '../../../cli/instance/directory.ts';
import { type Instance, readInstance, writeHolder, writeInstance } from '../../../cli/instance/instance.ts';
import { takeLock } from '../../../cli/instance/lock.ts';
import { pathsOf } from '../../../cli/paths.ts';
import { bringDown } from '../../../cli/process/down.ts';

let dir: string;
let children: ChildProcess[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-instance-'));
  claimDirectory(dir);
  children = [];
});
afterEach(async () => {
  for (const child of children) {
    const exit = once(child, 'exit');
    if (child.kill('SIGKILL')) await exit;
  }
  rmSync(dir, { recursive: true });
});

/** Runs until it is killed; resolves with the first line that it wrote. */
async function begun(program: string, ...args: readonly string[]): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  const [line] = await once(child.stdout, 'data');
  return { child, line: String(line).trim() };
}

const WAIT = 'console.log("ready"); setInterval(() => undefined, 60_000)';
const idle = async (...args: readonly string[]) => (await begun(process.execPath, '-e', WAIT, '--', ...args)).child;

function remembered(pid: number | undefined): Instance {
  const where = { api: 'http://127.0.0.1:1', vmpooler: 'http://127.0.0.1:2', temporal: '127.0.0.1:3' };
  const instance = { ...where, temporalUi: null, token: 't', data: dir, pid: pid ?? 0 };
  writeInstance(pathsOf(dir).instance, instance);
  return instance;
}

it.each(['/opt/slipway/cli/main.ts', '/usr/lib/slipway/dist/cli/main.js'])('runs as %s up', async (main) => {
  const { pid } = await idle(main, 'up', '--sim');
  expect(readInstance(remembered(pid).data.concat('/instance.json'))).toMatchObject({ pid });
});

it.each([[[]], [['/opt/slipway/cli/main.ts', 'node']], [['/opt/other/up.js', 'up']]])(
  'does not run when its process id is that of a program with the arguments %j, which is left alone',
  async (args) => {
    const child = await idle(...args);
    remembered(child.pid);
    expect(readInstance(pathsOf(dir).instance)).toBeNull();
    await bringDown(pathsOf(dir), { guests: false, purge: false, say: () => undefined });
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  },
);

it('does not run when its process id is by now that of another installation, which is left alone', async () => {
  const before = await idle('/opt/slipway/cli/main.ts', 'up');
  const after = await idle('/opt/slipway/cli/main.ts', 'up', '--data', '/other');
  const { instance: file } = pathsOf(dir);
  remembered(before.pid);
  expect(readInstance(file)).toMatchObject({ pid: before.pid });
  writeFileSync(file, readFileSync(file, 'utf8').replace(`"pid":${before.pid}`, `"pid":${after.pid}`));
  expect(readInstance(file)).toBeNull();
  await bringDown(pathsOf(dir), { guests: false, purge: false, say: () => undefined });
  expect([after.exitCode, after.signalCode]).toEqual([null, null]);
});

it('is known by its arguments alone where an older version wrote of it', async () => {
  const { pid } = await idle('/opt/slipway/cli/main.ts', 'up');
  const { instance: file } = pathsOf(dir);
  const { data } = remembered(pid);
  const { began, ...old } = JSON.parse(readFileSync(file, 'utf8'));
  expect(began).toMatch(/^[0-9a-f-]{36} \d+$/);
  writeFileSync(file, JSON.stringify(old));
  expect(readInstance(file)).toMatchObject({ pid, data });
});

it('does not run when its process has ended and was not reaped', async () => {
  const { line } = await begun('bash', '-c', 'true & echo $!; exec sleep 60');
  remembered(Number(line));
  expect(readInstance(pathsOf(dir).instance)).toBeNull();
});

const down = () => bringDown(pathsOf(dir), { guests: false, purge: false, say: () => undefined, lockMs: 100 });

it('is ended before it is ready, too, and whatever program it still is', async () => {
  const starting = await idle('/bin/bash', '/opt/slipway/slipway', 'up');
  const exit = once(starting, 'exit');
  writeHolder(pathsOf(dir).holder, starting.pid ?? 0);
  await down();
  expect(await exit).toEqual([null, 'SIGTERM']);
});

it('is not ended in the place of one that had its process id before', async () => {
  const other = await idle();
  const { holder } = pathsOf(dir);
  writeHolder(holder, other.pid ?? 0);
  writeFileSync(holder, readFileSync(holder, 'utf8').replace(/ \d+"/, ' 1"'));
  await down();
  expect([other.exitCode, other.signalCode]).toEqual([null, null]);
});

it('is not said to be ended while somebody who is not known has the directory', async () => {
  const lock = takeLock(pathsOf(dir).lock, '');
  await expect(down()).rejects.toThrow('not known');
  lock.release();
  await down();
});
