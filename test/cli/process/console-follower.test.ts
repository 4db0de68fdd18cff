import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ConsoleFollower, followConsoles } from '../../../cli/process/console-follower.ts';
import type { VmId } from '../../../domain/ids.ts';
import { appendToConsole, CONSOLE_KEPT, consoleTail } from '../../../store/console.ts';
import { openStore, type Store } from '../../../store/open.ts';
import { insertVm } from '../../../store/vm.ts';
import { aVmRow } from '../../guest-rows.ts';

/** On a machine that does other things, too. */
const PATIENT = { timeout: 10_000 };

const VM = 'web1' as VmId;
let dir: string;
let file: string;
let kept: Buffer;
let warned: unknown[];
let running: ConsoleFollower[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-follow-'));
  file = join(dir, 'consoles', 'web1.log');
  [kept, warned, running] = [Buffer.alloc(0), [], []];
});
afterEach(async () => {
  for (const follower of running) await follower.stop();
  rmSync(dir, { recursive: true });
});

/** As the store does: what is known already is ignored. */
async function append(_vm: VmId, offset: number, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  if (offset > kept.length) throw new Error(`a gap: ${kept.length} bytes are known, and these begin at ${offset}`);
  kept = Buffer.concat([kept, bytes.subarray(Math.max(0, kept.length - offset))]);
}

const follower = (change: Partial<Parameters<typeof followConsoles>[0]> = {}): ConsoleFollower => {
  const path = (vm: VmId): string => join(dir, 'consoles', `${vm}.log`);
  const made = followConsoles({ path, append, warn: (error) => warned.push(error), ...change });
  running.push(made);
  return made;
};
const seen = (text: string) => expect.poll(() => kept.toString(), PATIENT).toBe(text);

it('hands on what there is, and what comes', async () => {
  const { follow } = follower();
  writeFileSync(file, 'one\n');
  follow(VM);
  await seen('one\n');
  appendFileSync(file, 'two\n');
  await seen('one\ntwo\n');
  follow(VM);
  appendFileSync(file, 'three');
  await seen('one\ntwo\nthree');
});

it('waits for a log that is not there yet, and follows no other', async () => {
  follower().follow(VM);
  writeFileSync(join(dir, 'consoles', 'other.log'), 'not mine');
  writeFileSync(file, 'mine');
  await seen('mine');
});

it('hands on once what was written while nobody followed', async () => {
  const first = follower();
  writeFileSync(file, 'before\n');
  first.follow(VM);
  await seen('before\n');
  await first.stop();
  appendFileSync(file, 'meanwhile\n');
  follower().follow(VM);
  await seen('before\nmeanwhile\n');
  appendFileSync(file, 'after\n');
  await seen('before\nmeanwhile\nafter\n');
});

it('goes on where a part could not be handed on', async () => {
  let broken = true;
  const follow = follower({
    append: (vm, offset, text) => (broken ? Promise.reject(new Error('store is away')) : append(vm, offset, text)),
  }).follow;
  writeFileSync(file, 'lost?\n');
  follow(VM);
  await expect.poll(() => warned, PATIENT).toHaveLength(1);
  broken = false;
  appendFileSync(file, 'no\n');
  await seen('lost?\nno\n');
});

it('counts bytes, whatever a guest writes and wherever it is cut', async () => {
  const { follow } = follower();
  const euro = Buffer.from('€');
  writeFileSync(file, Buffer.concat([Buffer.from('ü'), euro.subarray(0, 1)]));
  follow(VM);
  await seen('ü');
  appendFileSync(file, euro.subarray(1));
  await seen('ü€');
  appendFileSync(file, Buffer.from([0xff, 0xfe, 0x41]));
  await expect.poll(() => kept.length, PATIENT).toBe(8);
  appendFileSync(file, 'x'.repeat(200_000));
  await expect.poll(() => kept.length, PATIENT).toBe(200_008);
  await follower().stop();
  expect(warned).toEqual([]);
});

it('goes on when the log was moved aside, and in a process that begins after that', async () => {
  const first = follower();
  writeFileSync(file, 'a long one\n');
  first.follow(VM);
  await seen('a long one\n');
  renameSync(file, `${file}.0`);
  writeFileSync(file, 'new\n');
  await seen('a long one\nnew\n');
  await first.stop();
  follower().follow(VM);
  appendFileSync(file, 'more\n');
  await seen('a long one\nnew\nmore\n');
});

it('ends what it began before it stops', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = follower({ append: async (vm, offset, text) => held.then(() => append(vm, offset, text)) });
  writeFileSync(file, 'slow');
  slow.follow(VM);
  const stopped = slow.stop();
  release();
  await stopped;
  expect(kept.toString()).toBe('slow');
});

/** A process that follows the log into the store, and says how many bytes it handed on. */
const PROGRAM = `
  const [root, db, dir] = process.argv.slice(1);
  const { followConsoles } = await import(root + 'cli/process/console-follower.ts');
  const { openStore } = await import(root + 'store/open.ts');
  const { appendToConsole } = await import(root + 'store/console.ts');
  const store = openStore(db);
  followConsoles({
    path: (vm) => dir + '/' + vm + '.log',
    warn: (error) => { console.error(error); process.exit(1); },
    append: async (vm, offset, text) => {
      await store.write((tx) => appendToConsole(tx, vm, offset, text));
      console.log(offset + text.length);
    },
  }).follow('web1');
`;

it('keeps each byte once over SIGKILLs of the process that follows', async () => {
  const db = join(dir, 'slipway.db');
  const store: Store = openStore(db);
  const root = new URL('../../../', import.meta.url).href;
  let written = '';
  try {
    await store.write((tx) => insertVm(tx, aVmRow(VM)));
    follower(); // makes the directory
    for (let round = 1; round <= 3; round += 1) {
      const line = `written in round ${round} ${'.'.repeat(round * 70_000)}\n`;
      written += line;
      appendFileSync(file, line);
      const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, root, db, join(dir, 'consoles')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      // Killed as soon as it has handed something on: in the middle of the log, most times.
      const ended = once(child, 'exit');
      await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
      child.kill('SIGKILL');
      expect(await ended).toEqual([null, 'SIGKILL']);
    }
    const { follow, stop } = follower({
      append: (vm, at, text) => store.write((tx) => appendToConsole(tx, vm, at, text)),
    });
    follow(VM);
    await expect.poll(() => consoleTail(store.read, VM), PATIENT).toBe(written.slice(-CONSOLE_KEPT));
    await stop();
    expect(warned).toEqual([]);
  } finally {
    await store.close();
  }
});
