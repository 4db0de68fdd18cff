import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const scripts = join(import.meta.dirname, '../../scripts');

let dir: string;
let tools: string;
let others: ChildProcess[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-tools-'));
  tools = join(dir, 'tools');
  mkdirSync(join(tools, 'bin'), { recursive: true });
  writeFileSync(join(tools, 'bin', 'tool'), '');
  others = [];
});
afterEach(async () => {
  for (const other of others) {
    const ended = once(other, 'exit');
    other.kill('SIGKILL');
    await ended;
  }
  rmSync(dir, { recursive: true });
});

/** Never the tools of this machine: every place that they could be in is the test's own. */
const bash = (...argv: readonly string[]) =>
  spawnSync('bash', argv, {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: dir, XDG_CACHE_HOME: join(dir, 'cache'), SLIPWAY_TOOLS: tools },
  });
const removeTools = () => bash('-c', `set -euo pipefail; . '${scripts}/toolchain.sh'; remove_tools`);

/** A process of somebody else's, with `open` as its standard input. */
async function another(program: string, open = '/dev/null'): Promise<ChildProcess> {
  const stdin = openSync(open, 'r');
  const other = spawn(program, ['60'], { stdio: [stdin, 'ignore', 'ignore'] });
  closeSync(stdin);
  others.push(other);
  await once(other, 'spawn');
  return other;
}

it('removes the tools that nobody runs', () => {
  const { status, stderr } = removeTools();
  expect(status, stderr).toBe(0);
  expect(stderr).toContain(`removing ${tools}`);
  expect(existsSync(tools)).toBe(false);
});

it('keeps the tools while a process runs from them, and names it', async () => {
  const program = join(tools, 'bin', 'sleeper');
  copyFileSync('/bin/sleep', program);
  const { pid } = await another(program);
  const { status, stderr } = removeTools();
  expect(status, stderr).toBe(0);
  expect(stderr).toContain(`keeping ${tools}, which others run from: process ${pid} (sleeper)`);
  expect(existsSync(program)).toBe(true);
});

it('keeps the tools while a process has one of them open', async () => {
  const { pid } = await another('/bin/sleep', join(tools, 'bin', 'tool'));
  const { stderr } = removeTools();
  expect(stderr).toContain(`process ${pid} (sleep)`);
  expect(existsSync(join(tools, 'bin', 'tool'))).toBe(true);
});

it.each([
  ['--purge', 'nowhere'],
  ['--purge', 'empty'],
  ['--stop', 'nowhere'],
])('leaves the tools alone where there is nothing to end: %s %s', (action, place) => {
  mkdirSync(join(dir, 'empty'));
  const { status, stderr } = bash(join(scripts, 'quickstart'), '--sim', action, '--data', join(dir, place));
  expect(status, stderr).toBe(0);
  expect(stderr).toContain(`there is nothing at ${join(dir, place)}`);
  expect(existsSync(join(tools, 'bin', 'tool'))).toBe(true);
});

it.each([[['--bogus']], [['demo']], [['--sim=0']], [['--sim=many']], [['--data']], [['--sim', '--bogus', '--help']]])(
  'refuses %j with its usage before anything is installed',
  (args) => {
    rmSync(tools, { recursive: true });
    const { status, stdout, stderr } = bash(join(scripts, 'quickstart'), ...args);
    expect(status).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^quickstart \[--sim\[=N\]\]/);
    expect(existsSync(tools)).toBe(false);
  },
);
