import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { dataDir } from './installation.ts';

const data = dataDir();
const tools = dataDir();

/** As a newcomer runs it; whatever it brings goes to a directory of the test's own. */
const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(join(import.meta.dirname, '../../scripts/quickstart'), args, {
    encoding: 'utf8',
    env: { ...process.env, SLIPWAY_TOOLS: join(tools.dir, 'tools'), TEMPORAL_ADDRESS: '', ...env },
  });
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
