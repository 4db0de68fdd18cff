import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLog } from '../../cli/log.ts';
import { becauseNoDisk, fullDisk, noFullDisk } from '../full-disk.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-log-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const lines = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

it('writes a line of JSON for each thing said, and no secret', () => {
  const file = join(dir, 'slipway.log');
  const log = openLog({ process: 'api', debug: false, file });
  log.debug('not asked for');
  log.info({ token: 's3cret', who: { password: 's3cret' }, headers: { 'x-api-key': 's3cret', host: 'x' } }, 'request');
  const [line, ...others] = lines(file);
  expect(others).toEqual([]);
  expect(line).toMatchObject({ process: 'api', level: 30, msg: 'request', token: '[secret]', headers: { host: 'x' } });
  expect(readFileSync(file, 'utf8')).not.toContain('s3cret');
});

it('ends no work when it cannot be written to', () => {
  const log = openLog({ process: 'api', debug: false, file: '/dev/full' });
  for (let n = 0; n < 3; n += 1) expect(() => log.info('x'.repeat(1000))).not.toThrow();
});

it.skipIf(noFullDisk)(`tells what it could not write when there is room again${becauseNoDisk}`, () => {
  const disk = fullDisk();
  try {
    const file = join(disk.dir, 'slipway.log');
    const log = openLog({ process: 'api', debug: false, file });
    log.info('one');
    expect(readFileSync(file, 'utf8')).toBe('');
    rmSync(join(disk.dir, 'others'));
    log.info('two');
    expect(lines(file).map(({ msg }) => msg)).toEqual(['one', 'two']);
  } finally {
    disk.remove();
  }
});
