import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openServerLog } from '../../../cli/temporal/server-log.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-server-log-'));
  path = join(dir, 'temporal.log');
});
afterEach(() => rmSync(dir, { recursive: true }));

async function written(text: string): Promise<string> {
  const log = await openServerLog(dir);
  writeSync(log.fd, text);
  const read = await log.read();
  await log.close();
  return read;
}

it('goes on after what is there, and reads only what came since', async () => {
  expect(await written('died of ümläuts\n')).toBe('died of ümläuts\n');
  expect(await written('Temporal Server: again\n')).toBe('Temporal Server: again\n');
  expect(readFileSync(path, 'utf8')).toBe('died of ümläuts\nTemporal Server: again\n');
});

it('puts a long log aside, in the place of the last', async () => {
  writeFileSync(`${path}.1`, 'older');
  writeFileSync(path, 'long');
  truncateSync(path, 10 * 1024 * 1024 + 1);
  expect(await written('new\n')).toBe('new\n');
  expect(readFileSync(path, 'utf8')).toBe('new\n');
  expect(readFileSync(`${path}.1`).subarray(0, 4).toString()).toBe('long');
});
