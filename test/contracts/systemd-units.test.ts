import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../activities/drivers/run.ts';
import { absentOf } from './missing.ts';

const ROOT = join(import.meta.dirname, '../..');
const SYSTEMD = join(ROOT, 'deploy/systemd');
const UNITS = readdirSync(SYSTEMD).filter((name) => name.endsWith('.service'));

const skip = absentOf(['systemd-analyze', 'systemd-sysusers']);

describe.skipIf(skip)(`systemd's own check${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'slipway-units-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** The units with the program of this checkout in place of the installed one, which has to be there. */
  function unitsHere(change: (text: string) => string = (text) => text): readonly string[] {
    return UNITS.map((name) => {
      const text = readFileSync(join(SYSTEMD, name), 'utf8');
      expect(text).toContain('ExecStart=/usr/bin/slipway ');
      const path = join(dir, name);
      writeFileSync(path, change(text.replace('/usr/bin/slipway', join(ROOT, 'slipway'))));
      return path;
    });
  }

  /** What it has to say; its exit status is 0 even for a setting that it does not know. */
  async function complaints(units: readonly string[]): Promise<readonly string[]> {
    const { stdout, stderr } = await run(['systemd-analyze', 'verify', '--man=no', ...units], { okCodes: [0, 1] });
    return `${stdout}\n${stderr}`.split('\n').filter((line) => line.includes(dir) || line.includes('slipway'));
  }

  it('has nothing to say of the units', async () => {
    expect(UNITS).toEqual(['slipway-api.service', 'slipway-control.service', 'slipway-node.service']);
    expect(await complaints(unitsHere())).toEqual([]);
  });

  it.each([
    ['a setting that there is not', (text: string) => text.replace('KillMode=', 'KillMood='), 'KillMood'],
    ['a value that there is not', (text: string) => text.replace('KillMode=mixed', 'KillMode=sideways'), 'sideways'],
    ['a program that there is not', (text: string) => text.replace('/slipway ', '/slipaway '), 'slipaway'],
  ])('bites: %s', async (_, change, word) => {
    expect((await complaints(unitsHere(change))).join('\n')).toContain(word);
  });

  it('makes the user that they run as', async () => {
    const { stdout, stderr } = await run([
      'systemd-sysusers',
      '--dry-run',
      `--root=${dir}`,
      join(SYSTEMD, 'slipway.sysusers'),
    ]);
    expect(`${stdout}${stderr}`).toMatch(/Would create .*slipway|Creating user 'slipway'/);
  });
});
