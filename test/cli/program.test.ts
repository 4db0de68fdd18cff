import { CommanderError } from 'commander';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { exitStatus } from '../../cli/failure.ts';
import { program } from '../../cli/program.ts';

let said: string[];
beforeEach(() => {
  said = [];
  const hear = (text: string | Uint8Array): boolean => said.push(`${text}`) > 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(hear);
  vi.spyOn(process.stderr, 'write').mockImplementation(hear);
});
afterEach(() => void vi.restoreAllMocks());

/** What the command line ends with; null if it was carried out. */
const run = (line: string): Promise<unknown> =>
  program()
    .parseAsync(line.split(' ').filter(Boolean), { from: 'user' })
    .then(() => null)
    .catch((error: unknown) => error);

it.each([
  ['', 'Usage: slipway'],
  ['bogus', "unknown command 'bogus'"],
  ['--bogus', "unknown option '--bogus'"],
  ['up --bogus', "unknown option '--bogus'"],
  ['api extra', 'too many arguments'],
  ['node --bogus', "unknown option '--bogus'"],
  ['vm', 'Usage: slipway vm'],
  ['vm bogus', "unknown command 'bogus'"],
  ['vm list --limit', 'argument missing'],
  ['vm show', "missing required argument 'vm'"],
  ['vm create x', '--profile <profile>'],
  ['vm create x --profile empty --arg bad', 'NAME=VALUE'],
  ['profile render empty x --arg =bad', 'NAME=VALUE'],
  ['config check --bogus', "unknown option '--bogus'"],
])('slipway %s is bad usage, status 64', async (line, why) => {
  const error = await run(line);
  expect(error).toBeInstanceOf(CommanderError);
  expect(exitStatus(error)).toBe(64);
  expect(said.join('')).toContain(why);
});

it.each(['--help', '--version', 'help', 'vm --help', 'vm help create', 'up --help'])(
  'slipway %s is done, status 0',
  async (line) => {
    expect(exitStatus(await run(line))).toBe(0);
    expect(said.join('')).not.toBe('');
  },
);
