import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { users } from '../../api/accounts/users.ts';
import { type Served, served, TOKEN } from '../dialects/served.ts';
import { absentOf } from './missing.ts';

const MAIN = join(import.meta.dirname, '../../cli/main.ts');
const COMMAND = [process.execPath, '--disable-warning=ExperimentalWarning', MAIN];

let world: Served;
beforeAll(async () => {
  world = await served();
});
afterAll(() => world.close());

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line; `typed` is written piece by piece, each when what was shown so far ends with its question. */
function ran(argv: readonly string[], typed: readonly (readonly [string, string])[], closes = true): Promise<Ran> {
  const [program = '', ...args] = argv;
  const env = { ...process.env, SLIPWAY_API: world.origin, SLIPWAY_TOKEN: TOKEN };
  const child = spawn(program, args, { env });
  let [out, err] = ['', ''];
  const left = [...typed];
  const type = (): void => {
    const [question, answer] = left[0] ?? [];
    if (question === undefined || !(out + err).endsWith(question)) return;
    left.shift();
    child.stdin.write(answer);
  };
  child.stdout.on('data', (part) => {
    out += part;
    type();
  });
  child.stderr.on('data', (part) => {
    err += part;
    type();
  });
  if (closes) child.stdin.end(typed.map(([, answer]) => answer).join(''));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}
const slipway = (argv: readonly string[], input = ''): Promise<Ran> => ran([...COMMAND, ...argv], [['', input]]);

const lets = async (user: string, password: string): Promise<boolean> =>
  (await users(world.store).authenticate(user, password, new AbortController().signal)) !== null;

it('adds, lists, changes and removes people, with passwords from standard input', async () => {
  expect(await slipway(['user', 'add', 'JDoe'], 'jdoe secret\n')).toMatchObject({ code: 0, out: 'Added jdoe.\n' });
  expect(await lets('jdoe', 'jdoe secret')).toBe(true);
  const boss = await slipway(['user', 'add', 'boss', '--admin', '--json'], 'boss-secret\nnot this\n');
  expect(JSON.parse(boss.out)).toMatchObject({ name: 'boss', role: 'admin' });
  expect(await lets('boss', 'boss-secret')).toBe(true);
  expect((await slipway(['user', 'list'])).out).toMatch(/^NAME +ROLE +CREATED\nboss +admin .*\njdoe +user /);
  expect(await slipway(['user', 'passwd', 'jdoe'], 'other-secret')).toMatchObject({ code: 0, out: 'Changed.\n' });
  expect(await lets('jdoe', 'other-secret')).toBe(true);
  expect(await slipway(['user', 'delete', 'jdoe'])).toMatchObject({ code: 0, out: 'Removed.\n' });
  expect(JSON.parse((await slipway(['user', 'list', '--json'])).out)).toMatchObject([{ name: 'boss' }]);
});

it.each([
  ['no password', ['add', 'x'], '', /password: is missing/],
  ['a short one', ['add', 'x'], 'short\n', /password: must have at least 8/],
  ['a password as an argument', ['add', 'x', 'secret-secret'], '', /too many arguments/],
  ['nobody', ['passwd', 'nobody'], 'long-enough\n', /nobody/],
])('refuses %s', async (_, argv, input, why) => {
  const { code, err } = await slipway(['user', ...argv], input);
  expect(code).not.toBe(0);
  expect(err).toMatch(why);
});

const skip = absentOf(['script']);

/** On a terminal of its own, made by util-linux's `script`. */
const onTerminal = (argv: readonly string[], typed: readonly (readonly [string, string])[]): Promise<Ran> =>
  ran(['script', '-qec', [...COMMAND, ...argv].join(' '), '/dev/null'], typed, false);

describe.skipIf(skip)(`a terminal${skip ? ` (skipped: ${skip})` : ''}`, () => {
  it('asks for a password twice without showing it', async () => {
    const { code, out } = await onTerminal(
      ['user', 'add', 'typist'],
      [
        ['Password: ', 'typed-secreX\x7ft\r'],
        ['again: ', 'typed-secret\r'],
      ],
    );
    expect({ code, out }).toEqual({ code: 0, out: 'Password: \r\nThe same again: \r\nAdded typist.\r\n' });
    expect(await lets('typist', 'typed-secret')).toBe(true);
  });

  it.each([
    [
      'that differ',
      [
        ['Password: ', 'typed-secret\r'],
        ['again: ', 'another-one\r'],
      ],
      /not the same twice/,
    ],
    ['that are broken off', [['Password: ', 'typed-\x03']], /was not given/],
  ] as const)('takes no passwords %s', async (_, typed, why) => {
    const { code, out } = await onTerminal(['user', 'add', 'nobody'], typed);
    expect(code).toBe(64);
    expect(out).toMatch(why);
    expect(out).not.toContain('typed-');
  });
});
