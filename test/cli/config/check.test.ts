import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { configCommand } from '../../../cli/commands/config.ts';
import { CONFIG_PLACES } from '../../../cli/config/load.ts';
import { absentOf } from '../../contracts/missing.ts';

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

async function check(...args: readonly string[]): Promise<string> {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  await configCommand().parseAsync(['check', ...args], { from: 'user' });
  return written.join('');
}

it.skipIf(existsSync(SYSTEM))('says that the defaults apply where there is no file', async () => {
  expect(await check()).toBe(`There is no ${HERE} and no ${SYSTEM}: the defaults apply.\n`);
});

it('names the file that it found, or was given', async () => {
  writeFileSync(HERE, '');
  expect(await check()).toBe(`The configuration in ${HERE} is valid.\n`);
  writeFileSync('other.yaml', '');
  expect(await check('--config', 'other.yaml')).toBe('The configuration in other.yaml is valid.\n');
  await expect(check('--config', 'nowhere.yaml')).rejects.toThrow('there is no file nowhere.yaml');
});

it('reads the files that the configuration refers to', async () => {
  writeFileSync(HERE, 'api: { ssl: { enabled: true, cert_file: /nowhere/cert.pem, key_file: /nowhere/key.pem } }\n');
  await expect(check()).rejects.toThrow('api.ssl.cert_file: there is no file /nowhere/cert.pem.');
});

const skip = absentOf(['openssl']);

it.skipIf(skip)(
  `refuses a certificate and a key that do not belong together${skip ? ` (skipped: ${skip})` : ''}`,
  async () => {
    const pair = (name: string) => {
      execFileSync(
        'openssl',
        [
          ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
          ...['-subj', '/CN=localhost', '-keyout', `${name}.key`, '-out', `${name}.pem`],
        ],
        { stdio: 'ignore' },
      );
    };
    pair('one');
    pair('two');
    const ssl = (key: string) =>
      writeFileSync(HERE, `api: { ssl: { enabled: true, cert_file: one.pem, key_file: ${key} } }\n`);
    ssl('two.key');
    await expect(check()).rejects.toThrow(/^api\.ssl\.key_file: does not belong to one\.pem/);
    ssl('one.key');
    expect(await check()).toContain('is valid');
    for (const [days, why] of [
      [2, 'has expired on'],
      [-2, 'is not valid before'],
    ] as const) {
      vi.setSystemTime(Date.now() + days * 24 * 3_600_000);
      await expect(check()).rejects.toThrow(`api.ssl.cert_file: ${why}`);
      vi.useRealTimers();
    }
  },
);

it('refuses an authentication store that lets anybody in, but for developers', async () => {
  writeFileSync(HERE, 'accounts: { provider: dummy }\n');
  await expect(check()).rejects.toThrow(/^accounts\.provider: is dummy/);
  writeFileSync(HERE, 'accounts: { provider: dummy }\ndebug: true\n');
  expect(await check()).toContain('is valid');
});
