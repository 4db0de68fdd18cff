import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { settingsOf } from '../../../cli/process/settings.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-settings-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

it.each([
  ['nothing', {}, undefined, { host: '127.0.0.1', port: 7371 }],
  ['a port', { listen_port: 8888 }, undefined, { host: '127.0.0.1', port: 8888 }],
  ['an address', { listen_address: '0.0.0.0' }, undefined, { host: '0.0.0.0', port: 7371 }],
  ['both', { listen_address: '::1', listen_port: 8888 }, undefined, { host: '::1', port: 8888 }],
  ['a port by option', { listen_port: 8888 }, ':9999', { host: '127.0.0.1', port: 9999 }],
  ['an address by file, a port by option', { listen_address: '::1' }, ':9999', { host: '::1', port: 9999 }],
  ['both by option', { listen_port: 8888 }, '0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
])('has the metadata service listen where it is told with %s', (_, metadata, option, expected) => {
  const config = join(dir, 'slipway.yaml');
  writeFileSync(config, stringify({ metadata }));
  const options = { config, data: dir, ...(option === undefined ? {} : { metadata: option }) };
  expect(settingsOf('api', options, false).metadata).toEqual(expected);
});

it.each([
  ['--temporal', 'nowhere'],
  ['--temporal', 'http://temporal:7233'],
  ['TEMPORAL_ADDRESS', 'temporal:'],
])('names %s that gives %j as the address of a Temporal server', (by, address) => {
  const options = { data: dir, ...(by === '--temporal' ? { temporal: address } : {}) };
  if (by === 'TEMPORAL_ADDRESS') vi.stubEnv(by, address);
  expect(() => settingsOf('api', options, false)).toThrow(`${by}: '${address}' must be HOST:PORT`);
  vi.unstubAllEnvs();
});
