import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { buildArguments } from '../../domain/script.ts';

const args = { release: 'bookworm', mirror: '', key: 'ssh-ed25519 AAAA', password: 'x' };

it.each([
  ['names some', 'def build(temporary_directory, release="a", mirror=""):\n  pass', ['release', 'mirror']],
  ['takes all', 'def build(**kwargs):\n  pass', ['release', 'mirror', 'key', 'password']],
  ['names some and takes the rest', 'def build(release=None, **_):', ['release', 'mirror', 'key', 'password']],
  ['names none', 'def build():\n  pass', []],
  [
    'has brackets, commas and a comment in its defaults',
    'def build(\n  a=("key", [1, 2]),  # mirror, key\n  release: str = "x,password)",\n):',
    ['release'],
  ],
  ['comes after a function of another name', 'def build_all(key):\n  pass\n\ndef build(mirror): pass', ['mirror']],
  ['has keyword-only parameters', 'def build(*, password): pass', ['password']],
  ['is not there', 'def install(release): pass', ['release', 'mirror', 'key', 'password']],
])('a build() that %s', (_, script, names) => {
  expect(Object.keys(buildArguments(script, args))).toEqual(names);
});

it('keeps what only the user-data needs out of the base image of debian-12', () => {
  const script = readFileSync(new URL('../../profiles/debian-12/script.py', import.meta.url), 'utf8');
  const all = {
    deb_release: 'a',
    deb_mirror: 'b',
    deb_keyring: 'k',
    deb_packages: 'c',
    boot: 'd',
    ssh_key: 'e',
    password: 'f',
  };
  expect(Object.keys(buildArguments(script, all))).toEqual([
    'deb_release',
    'deb_mirror',
    'deb_keyring',
    'deb_packages',
    'boot',
  ]);
});
