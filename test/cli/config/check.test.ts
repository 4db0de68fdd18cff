import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { configCommand } from '../../../cli/commands/config.ts';
import { CONFIG_PLACES } from '../../../cli/config/load.ts';

const [HERE, SYSTEM] = CONFIG_PLACES;
const before = process.cwd();

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-config-'));
  process.chdir(dir);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.chdir(before);
  rmSync(dir, { recursive: true });
});

function check(...args: readonly string[]): string {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  configCommand().parse(['check', ...args], { from: 'user' });
  return written.join('');
}

it.skipIf(existsSync(SYSTEM))('says that the defaults apply where there is no file', () => {
  expect(check()).toBe(`There is no ${HERE} and no ${SYSTEM}: the defaults apply.\n`);
});

it('names the file that it found, or was given', () => {
  writeFileSync(HERE, '');
  expect(check()).toBe(`The configuration in ${HERE} is valid.\n`);
  writeFileSync('other.yaml', '');
  expect(check('--config', 'other.yaml')).toBe('The configuration in other.yaml is valid.\n');
  expect(() => check('--config', 'nowhere.yaml')).toThrow('there is no file nowhere.yaml');
});
