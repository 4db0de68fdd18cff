import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { dataDir } from './installation.ts';

const data = dataDir();
const tools = dataDir();

const QUICKSTART = join(import.meta.dirname, '../../scripts/quickstart');
const ENV = { ...process.env, SLIPWAY_TOOLS: join(tools.dir, 'tools'), TEMPORAL_ADDRESS: '' };

/** As a newcomer runs it; whatever it brings goes to a directory of the test's own. */
const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(QUICKSTART, args, { encoding: 'utf8', env: { ...ENV, ...env } });
const installation = join(data.dir, 'installation-sim');
const quickstart = (...args: readonly string[]) => run([...args, '--data', installation]);

afterAll(() => {
  quickstart('--sim', '--purge');
  data.remove();
  tools.remove();
});

it('makes a VM and says how to go on; finds it the second time; starts it again after --stop; leaves nothing after --purge', () => {
  const first = quickstart('--sim');
  expect(first.status, first.stderr).toBe(0);
  expect(first.stderr).toMatch(/\d+\/\d+ install/);
  for (const line of [
    /address +10\.100\.0\.\d+/,
    /console +\.\/slipway vm console demo/,
    /API +http/,
    /token +\S{20}/,
    /Temporal UI +http\S+workflows\/task/,
  ])
    expect(first.stdout).toMatch(line);
  expect(first.stdout.match(/^ {2}curl /gm)).toHaveLength(3);

  expect(first.stdout).toContain(`--stop --sim --data ${installation} `);

  // The same directory, by its other name.
  const again = run(['--sim'], { SLIPWAY_DATA: join(data.dir, 'installation') });
  expect(again.status, again.stderr).toBe(0);
  expect(again.stdout).toBe(first.stdout);
  expect(again.stderr).toBe('');

  expect(quickstart('--sim', '--stop').status).toBe(0);
  const resumed = quickstart('--sim');
  expect(resumed.status, resumed.stderr).toBe(0);

  expect(quickstart('--sim', '--purge').status).toBe(0);
  expect(existsSync(installation)).toBe(false);
  expect(existsSync(join(tools.dir, 'tools'))).toBe(false);
}, 120_000);

it('says what is wrong with an option', () => {
  const wrong = quickstart('--simulate');
  expect(wrong.status).toBe(64);
  expect(wrong.stderr).toContain('quickstart [--sim');
  for (const nodes of ['', '0', 'many', '1001']) expect(quickstart(`--sim=${nodes}`).status, nodes).toBe(64);
  expect(quickstart('--help').stdout).toContain('--purge');
});

it('ends what is still being started, too, and waits for its end', async () => {
  const dir = join(data.dir, 'interrupted');
  mkdirSync(dir);
  const seen = watch(dir);
  const begun = spawn(QUICKSTART, ['--sim=1', '--data', dir], { env: ENV, stdio: 'ignore', detached: true });
  const exit = once(begun, 'exit');
  // Whoever is to have the directory is known before it says that it is ready.
  for await (const { filename } of seen) if (filename === 'holder.json') break;
  const { pid } = JSON.parse(readFileSync(join(dir, 'holder.json'), 'utf8'));
  // As Ctrl-C does: to all of it but what it began.
  process.kill(-(begun.pid ?? 0), 'SIGINT');
  await exit;
  expect(existsSync(join(dir, 'instance.json'))).toBe(false);
  const purge = run(['--sim=1', '--purge', '--data', dir]);
  expect(purge.stderr).toContain(`Ending process ${pid}`);
  expect(purge.status, purge.stderr).toBe(0);
  expect(existsSync(dir)).toBe(false);
  const left = spawnSync('pgrep', ['-f', dir], { encoding: 'utf8' }).stdout;
  expect(left).toBe('');
}, 60_000);

it('touches no directory that is not its own', () => {
  const dir = join(data.dir, 'home');
  mkdirSync(join(dir, 'photos'), { recursive: true });
  writeFileSync(join(dir, 'thesis.txt'), 'years of work');
  const at = ['--sim=1', '--data', dir];
  for (const more of [[], ['--purge']]) {
    const { status, stderr } = run([...at, ...more]);
    expect([status, stderr]).toEqual([64, expect.stringMatching(/--data.*photos, thesis\.txt/)]);
  }
  expect(run([...at, '--stop']).status).toBe(0);
  expect(readdirSync(dir)).toEqual(['photos', 'thesis.txt']);
});
