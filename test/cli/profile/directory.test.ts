import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseProfile, readProfile, writeProfile } from '../../../cli/profile/directory.ts';

let top: string;
let dir: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'slipway-directory-'));
  dir = join(top, 'web');
  mkdirSync(dir);
});
afterEach(() => rmSync(top, { recursive: true }));

const PROFILE = { name: 'web', system: { vcpus: 1, memoryMiB: 512 } };
const invalid = (field: string, why: unknown) =>
  expect.objectContaining({ fault: expect.objectContaining({ kind: 'invalid', field, why }) });

function mistakes(script: string): readonly string[] {
  writeFileSync(join(dir, 'profile.yaml'), stringify({ ...PROFILE, script }));
  return parseProfile(dir).mistakes;
}

it('reads files that an editor put a byte order mark before', () => {
  const script = 'def install(**kwargs):\n  pass\n';
  writeFileSync(join(dir, 'profile.yaml'), `\uFEFF${stringify({ ...PROFILE, script: 'script.py' })}`);
  writeFileSync(join(dir, 'script.py'), `\uFEFF${script}`);
  expect(readProfile(dir)).toEqual({ ...PROFILE, script });
});

it('reads nothing of another directory by way of a symbolic link', () => {
  writeFileSync(join(top, 'secret'), 'def install(**kwargs):\n  pass\n');
  symlinkSync(join(top, 'secret'), join(dir, 'script.py'));
  symlinkSync(top, join(dir, 'up'));
  expect(mistakes('script.py')).toEqual(["script: 'script.py' is no file of this directory"]);
  expect(mistakes('up/secret')).toEqual(["script: 'up/secret' is no file of this directory"]);
});

it('follows a symbolic link within the directory, and one to the directory', () => {
  writeFileSync(join(dir, 'real.py'), 'text');
  symlinkSync('real.py', join(dir, 'script.py'));
  expect(mistakes('script.py')).toEqual([]);
  symlinkSync('web', join(top, 'link'));
  expect(readProfile(join(top, 'link')).script).toBe('text');
});

it.each([
  ['a directory', 'd', /'d' is not a file/],
  ['below a file', 'profile.yaml/x', /there is no profile.yaml\/x: it is named in profile.yaml/],
  ['bytes', 'packed', /packed is not a text in UTF-8/],
  ['with a NUL', 'nul', /nul has a NUL character in it/],
  ['a link to itself', 'loop', /loop cannot be read \(ELOOP\)/],
  ['a name that no file can have', 'a\0b', /cannot be read \(ERR_INVALID_ARG_VALUE\)/],
])('says plainly that a text is %s', (_, name, words) => {
  mkdirSync(join(dir, 'd'));
  symlinkSync('loop', join(dir, 'loop'));
  writeFileSync(join(dir, 'nul'), '#cloud-config\0');
  // gzip's, which cloud-init would take.
  writeFileSync(join(dir, 'packed'), Buffer.from('1f8b0800', 'hex'));
  expect(mistakes(name)).toEqual([expect.stringMatching(words)]);
});

it('says plainly that a profile is no directory, or its file none', () => {
  const file = join(top, 'file');
  writeFileSync(file, 'name: web\n');
  expect(() => parseProfile(file)).toThrow(
    invalid(file, 'there is no profile.yaml: a profile is a directory with profile.yaml'),
  );
  mkdirSync(join(dir, 'profile.yaml'));
  expect(() => parseProfile(dir)).toThrow(invalid(dir, "'profile.yaml' is not a file"));
});

it('writes a directory that is read back', () => {
  const to = join(top, 'new');
  writeProfile(to, { ...PROFILE, script: 'text' });
  expect(readProfile(to)).toEqual({ ...PROFILE, script: 'text' });
  rmSync(join(dir, 'profile.yaml'), { force: true });
  writeProfile(dir, PROFILE);
  expect(readProfile(dir)).toEqual(PROFILE);
});

it.each([
  ['/proc/nope', 'cannot be made (ENOENT)'],
  ['/dev/null', 'is not a directory'],
])('says at once that it cannot write to %s', (to, why) => {
  expect(() => writeProfile(to, PROFILE)).toThrow(invalid(to, why));
});

it('makes the last directory only', () => {
  const to = join(top, 'a', 'b');
  expect(() => writeProfile(to, PROFILE)).toThrow(
    invalid(to, `cannot be made: there is no directory ${join(top, 'a')}`),
  );
});
