import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimDirectory, removeInstallation } from '../../../cli/instance/directory.ts';
import { pathsOf } from '../../../cli/paths.ts';
import { bringDown } from '../../../cli/process/down.ts';
import { settingsOf } from '../../../cli/process/settings.ts';
import { loadKey } from '../../../cli/temporal/codec.ts';

let base: string;
let dir: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'slipway-directory-'));
  dir = join(base, 'data');
});
afterEach(() => rmSync(base, { recursive: true }));

/** Files below `dir`, with directories made for them. */
function hold(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), name);
  }
}

it.each([
  ['that is not there', []],
  ['with a file system of its own', ['lost+found/x']],
  ['that has the configuration', ['slipway.yaml']],
  ['of an installation', ['slipway.db', 'pools/vms/x', 'photos/y']],
  ['that a shell began a log in', ['slipway.log']],
  ['that is a home, too', ['.cache/x']],
  ['of a start that was killed', ['slipway.db', 'slipway.log', 'lock']],
])('takes a directory %s, once and again', (_, names) => {
  hold(...names);
  claimDirectory(dir);
  const held = readdirSync(dir);
  claimDirectory(dir);
  expect(readdirSync(dir)).toEqual(held);
});

it('makes it and what is above it, for this user alone', () => {
  claimDirectory(join(dir, 'a/b'));
  expect(statSync(join(dir, 'a')).mode & 0o777).toBe(0o750);
});

it.each([[['photos/a.jpg', 'thesis.txt']], [['cache/x', 'lock', 'token']], [['images/x', 'slipway.log']]])(
  'refuses one that holds what somebody else put there (%j), whichever process is to start, and leaves it alone',
  async (names) => {
    hold(...names);
    const held = readdirSync(dir, { recursive: true });
    const first = names[0]?.split('/')[0];
    const refusal = { fault: { kind: 'invalid', field: '--data', why: expect.stringContaining(`holds ${first}`) } };
    for (const role of ['up', 'api'])
      await expect(async () => settingsOf(role, { data: dir }, role === 'up')).rejects.toMatchObject(refusal);
    const purge = bringDown(pathsOf(dir), { guests: true, purge: true, say: () => undefined });
    await expect(purge).rejects.toThrow(names[0]?.split('/')[0]);
    expect(readdirSync(dir, { recursive: true })).toEqual(held);
  },
);

it('keeps its store from others, and closes one that was open to them', () => {
  const bits = () => ['slipway.db', 'slipway.db-wal'].map((name) => statSync(join(dir, name)).mode & 0o777);
  const before = process.umask(0o022);
  try {
    claimDirectory(dir);
    writeFileSync(join(dir, 'slipway.db-wal'), '');
    expect(bits()).toEqual([0o640, 0o644]);
    claimDirectory(dir);
    expect(bits()).toEqual([0o640, 0o640]);
  } finally {
    process.umask(before);
  }
});

it.each([
  ['/proc/slipway', /cannot make .*\/proc\/slipway/],
  ['/dev/null/slipway', /cannot make/],
  ['/dev/null', /cannot make/],
])('refuses %s at once, where none can be made', (path, why) => {
  expect(() => claimDirectory(path)).toThrow(why);
});

it('removes everything that is its own, and nothing else', async () => {
  claimDirectory(dir);
  hold(
    'slipway.db-wal',
    'temporal-1.6.0.db-shm',
    'temporal.log.1',
    'holder.json',
    'nodes/hv1/x',
    'instance.json.77',
    'holder.json.0b6c7ad1-2a3b-4c5d-8e9f-001122334455',
  );
  expect(removeInstallation(dir)).toEqual([]);
  expect(existsSync(dir)).toBe(false);

  claimDirectory(dir);
  hold('photos/a.jpg', 'thesis.txt', 'temporal.md', 'slipway.yaml', 'sim/x');
  const said: string[] = [];
  await bringDown(pathsOf(dir), { guests: true, purge: true, say: (text) => said.push(text) });
  expect(readdirSync(dir, { recursive: true }).sort()).toEqual([
    ...['photos', 'photos/a.jpg', 'slipway.yaml', 'temporal.md', 'thesis.txt'],
  ]);
  expect(said.at(-1)).toContain('did not put there: photos, slipway.yaml, temporal.md, thesis.txt');
});

const notRoot = process.getuid?.() === 0 ? '' : ' (skipped: not root)';
it.skipIf(notRoot !== '')(`is its owner's, whatever root makes there first or made before${notRoot}`, async () => {
  const owner = 12_345;
  const ownerOf = (name: string) => statSync(join(dir, name)).uid;
  mkdirSync(dir);
  chownSync(dir, owner, owner);
  claimDirectory(dir);
  await loadKey(dir);
  expect([ownerOf('slipway.db'), ownerOf('payload.key'), statSync(join(dir, 'payload.key')).mode & 0o777]).toEqual([
    ...[owner, owner, 0o600],
  ]);
  const made = ['slipway.db', 'payload.key', 'token', 'turn', 'cache', 'cache/bundle.js'];
  hold('token', 'turn', 'cache/bundle.js');
  for (const name of made) chownSync(join(dir, name), 0, 0);
  claimDirectory(dir);
  expect(made.map(ownerOf)).toEqual(made.map(() => owner));
});
