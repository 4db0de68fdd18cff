import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLog } from '../../cli/log.ts';

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

/** Says three things, to a log on a file system that has no room for the second. */
const ON_A_FULL_DISK = `
  import { rmSync, writeFileSync } from 'node:fs';
  import { openLog } from './cli/log.ts';
  const [, dir] = process.argv;
  const log = openLog({ process: 'api', debug: false, file: dir + '/slipway.log' });
  log.info('one');
  try { writeFileSync(dir + '/filler', Buffer.alloc(1 << 20)); } catch {}
  log.info('two'.repeat(2000));
  rmSync(dir + '/filler');
  log.info('three');
`;

const skip = process.getuid?.() === 0 ? undefined : 'not root: a small file system is mounted by root only';

it.skipIf(skip)(`tells what it could not write when there is room again${skip ? ` (skipped: ${skip})` : ''}`, () => {
  const script = `mount -t tmpfs -o size=64k none "$1" && "$2" --input-type=module-typescript -e "$3" "$1" && cat "$1/slipway.log"`;
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['-m', 'sh', '-c', script, 'sh', dir, process.execPath, ON_A_FULL_DISK],
    { encoding: 'utf8', cwd: join(import.meta.dirname, '../..') },
  );
  expect(stderr).toBe('');
  const said = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).msg);
  expect(said).toEqual(['one', 'two'.repeat(2000), 'three']);
});
