import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fileArgument } from '../../../cli/commands/client.ts';
import { exitStatus } from '../../../cli/failure.ts';
import { program } from '../../../cli/program.ts';

// Nothing listens there: what is refused is refused before anything is asked.
const API = ['--api', 'http://127.0.0.1:1'];

it.each([
  [['pool', 'create', 'ci', '--size', '2'], /^--profile: is missing: /],
  [['pool', 'create', 'ci', '--profile', 'empty'], /^--size: is missing: how many VMs/],
  [['pool', 'set', 'ci'], /^pool set: names nothing to change: --profile, --size, --arg, .*--clone-target\.$/],
  [['pool', 'reset', 'a b'], /^'a b': no name holds white space\.$/],
  [['network', 'create', '200', '--description', 'x', '--dhcp', '10.0.0.9'], /^--dhcp: '10\.0\.0\.9' is not like /],
  [['network', 'delete', 'x y'], /^'x y': /],
  [['vm', 'show', 'x y'], /^'x y': no name holds white space\.$/],
  // Each would lead to another place: the last to the VM itself, and delete that.
  [['vm', 'show', ''], /^'': is no name\.$/],
  [['vm', 'delete', '..'], /^'\.\.': is no name\.$/],
  [['profile', 'delete', '..'], /^'\.\.': is no name\.$/],
  [['task', 'show', ''], /^'': /],
  [['task', 'watch', '.'], /^'\.': /],
  [['vm', 'snapshot-delete', 'web1', '..'], /^'\.\.': is no name\.$/],
  [['vm', 'create', 'x y', '--profile', 'empty'], /^'x y': /],
  [['vm', 'create', 'x', '--profile', 'my profile'], /^'my profile': /],
])('slipway %j is bad usage, and says why', async (words, why) => {
  const error = await program()
    .parseAsync([...words, ...API], { from: 'user' })
    .catch((reason: unknown) => reason);
  expect(exitStatus(error)).toBe(64);
  expect((error as Error).message).toMatch(why);
});

it('takes an argument from a file, without its last line break, so that it is in no list of processes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-argument-'));
  try {
    const file = join(dir, 'secret');
    writeFileSync(file, 'a=b\nsecond\n');
    expect(fileArgument(`password=${file}`, ['x=y'])).toEqual(['x=y', 'password=a=b\nsecond']);
    expect(() => fileArgument(`password=${file}.not`)).toThrow(/secret\.not cannot be read \(ENOENT\)/);
    expect(() => fileArgument(file)).toThrow('NAME=FILE');
  } finally {
    rmSync(dir, { recursive: true });
  }
});
