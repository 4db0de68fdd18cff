import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ConsoleFollower, type FollowOptions, followConsoles } from '../../../cli/process/console-follower.ts';
import { CONSOLE_KEPT } from '../../../domain/control-plane.ts';
import type { VmId } from '../../../domain/ids.ts';
import { appendToConsole, consoleTail, resumeConsole } from '../../../store/console.ts';
import { openStore, type Store } from '../../../store/open.ts';
import { insertVm } from '../../../store/vm.ts';
import { rotate } from '../../activities/drivers/hypervisor/rotating.ts';
import { aVmRow } from '../../guest-rows.ts';

/** On a machine that does other things, too. */
const PATIENT = { timeout: 10_000 };

const VM = 'web1' as VmId;
let dir: string;
let file: string;
let kept: Buffer;
let end: number;
let warned: unknown[];
let running: ConsoleFollower[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-follow-'));
  file = join(dir, 'consoles', 'web1.log');
  [kept, end, warned, running] = [Buffer.alloc(0), 0, [], []];
});
afterEach(async () => {
  for (const follower of running) await follower.stop();
  rmSync(dir, { recursive: true });
});

/** As the store does, but all of it is kept, and `end` tells what may be told twice. */
async function resume(_vm: VmId, text: string): Promise<number> {
  if (text !== '') kept = Buffer.from(text);
  end ||= kept.length;
  return end;
}
async function append(_vm: VmId, offset: number, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  if (offset > end) throw new Error(`a gap: ${end} bytes are known, and these begin at ${offset}`);
  kept = Buffer.concat([kept, bytes.subarray(end - offset)]);
  end = Math.max(end, offset + bytes.length);
}

const follower = (change: Partial<Parameters<typeof followConsoles>[0]> = {}): ConsoleFollower => {
  const path = (vm: VmId): string => join(dir, 'consoles', `${vm}.log`);
  const made = followConsoles({ path, resume, append, warn: (error) => warned.push(error), ...change });
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
  const away = () => (broken ? Promise.reject(new Error('store is away')) : Promise.resolve());
  const follow = follower({
    resume: (vm, text) => away().then(() => resume(vm, text)),
    append: (vm, offset, text) => away().then(() => append(vm, offset, text)),
  }).follow;
  writeFileSync(file, 'lost?\n');
  follow(VM);
  await expect.poll(() => warned, PATIENT).toHaveLength(1);
  broken = false;
  appendFileSync(file, 'no\n');
  await seen('lost?\nno\n');
  broken = true;
  appendFileSync(file, 'and ');
  await expect.poll(() => warned, PATIENT).toHaveLength(2);
  broken = false;
  appendFileSync(file, 'now?\n');
  await seen('lost?\nno\nand now?\n');
});

it('hands on characters, whatever a guest writes and wherever it is cut', async () => {
  const { follow } = follower();
  const euro = Buffer.from('€');
  writeFileSync(file, Buffer.concat([Buffer.from('ü'), euro.subarray(0, 1)]));
  follow(VM);
  await seen('ü');
  appendFileSync(file, euro.subarray(1));
  await seen('ü€');
  const tiger = Buffer.from('🐯');
  appendFileSync(file, Buffer.concat([Buffer.from('!'), tiger.subarray(0, 3)]));
  await seen('ü€!');
  appendFileSync(file, tiger.subarray(3));
  await seen('ü€!🐯');
  appendFileSync(file, Buffer.from([0xff, 0xfe, 0x41]));
  await seen('ü€!🐯\ufffd\ufffdA');
  appendFileSync(file, 'x'.repeat(200_000));
  await seen(`ü€!🐯\ufffd\ufffdA${'x'.repeat(200_000)}`);
  expect(warned).toEqual([]);
});

it('goes on when the log was moved aside, and in a process that begins after that', async () => {
  const first = follower();
  writeFileSync(file, 'a long one\n');
  first.follow(VM);
  await seen('a long one\n');
  rotate(file, 'new\n');
  await seen('a long one\nnew\n');
  await first.stop();
  follower().follow(VM);
  appendFileSync(file, 'more\n');
  await seen('a long one\nnew\nmore\n');
});

it('hands on what came before the log was moved aside and after it, also where the new file is the longer one', async () => {
  let release = (): void => undefined;
  let held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = follower({ append: async (vm, offset, text) => held.then(() => append(vm, offset, text)) });
  slow.follow(VM);
  writeFileSync(file, 'one ');
  release();
  await seen('one ');
  held = new Promise<void>((resolve) => {
    release = resolve;
  });
  appendFileSync(file, 'two ');
  rotate(file, 'three, a longer one ');
  appendFileSync(file, 'grü'.slice(0, 2));
  appendFileSync(file, Buffer.from('ü').subarray(0, 1));
  rotate(file);
  appendFileSync(file, Buffer.from('ü').subarray(1));
  rotate(file, 'n');
  release();
  await seen('one two three, a longer one grün');
});

it('begins with the last of what there is, where more was written than is kept', async () => {
  const { follow } = follower();
  writeFileSync(file, `${'ü'.repeat(CONSOLE_KEPT)}.`);
  follow(VM);
  await seen(`${'ü'.repeat(CONSOLE_KEPT / 2 - 1)}.`);
  appendFileSync(file, 'x');
  await seen(`${'ü'.repeat(CONSOLE_KEPT / 2 - 1)}.x`);
});

it('ends what it began before it stops', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = follower({ resume: async (vm, text) => held.then(() => resume(vm, text)) });
  writeFileSync(file, 'slow');
  slow.follow(VM);
  const stopped = slow.stop();
  release();
  await stopped;
  expect(kept.toString()).toBe('slow');
});

/** Follows into a store. */
const into = (store: Store): Pick<FollowOptions, 'resume' | 'append'> => ({
  resume: (vm, text) => store.write((tx) => resumeConsole(tx, vm, text)),
  append: (vm, at, text) => store.write((tx) => appendToConsole(tx, vm, at, text)),
});

it('goes on after a restart, whatever was moved aside and dropped', async () => {
  const store = openStore(join(dir, 'slipway.db'));
  const shown = (text: string) =>
    expect.poll(() => consoleTail(store.read, VM), PATIENT).toBe(text.slice(-CONSOLE_KEPT));
  /** Bytes that virtlogd writes to a file. */
  const SIZE = 300_000;
  const part = (name: string): string => `${name} ${'.'.repeat(SIZE)}\n`;
  try {
    await store.write((tx) => insertVm(tx, aVmRow(VM)));
    const first = follower(into(store));
    first.follow(VM);
    for (let number = 0; number < 7; number += 1) {
      rotate(file, part(`part ${number}`));
      await shown(part(`part ${number}`));
    }
    await first.stop();
    // Nothing was written meanwhile: nothing is shown twice.
    const second = follower(into(store));
    second.follow(VM);
    await second.stop();
    await shown(part('part 6'));
    const third = follower(into(store));
    third.follow(VM);
    appendFileSync(file, 'new\n');
    await shown(`${part('part 6')}new\n`);
    await third.stop();
    // A part of the last file that it knows was written while it was away, and three others.
    appendFileSync(file, 'not seen\n');
    for (const text of ['short one\n', 'short two\n', 'short three\n', 'short four\n']) rotate(file, text);
    const fourth = follower(into(store));
    fourth.follow(VM);
    await shown('short one\nshort two\nshort three\nshort four\n');
    appendFileSync(file, 'on\n');
    rotate(file, 'and on\n');
    await shown('short one\nshort two\nshort three\nshort four\non\nand on\n');
    expect(warned).toEqual([]);
  } finally {
    for (const one of running) await one.stop();
    await store.close();
  }
});

/** A process that follows the log into the store, and says when it begins to. */
const PROGRAM = `
  const [root, db, dir] = process.argv.slice(1);
  const { followConsoles } = await import(root + 'cli/process/console-follower.ts');
  const { openStore } = await import(root + 'store/open.ts');
  const { appendToConsole, resumeConsole } = await import(root + 'store/console.ts');
  const store = openStore(db);
  followConsoles({
    path: (vm) => dir + '/' + vm + '.log',
    warn: (error) => { console.error(error); process.exit(1); },
    resume: (vm, text) => {
      console.log(text.length);
      return store.write((tx) => resumeConsole(tx, vm, text));
    },
    append: (vm, offset, text) => store.write((tx) => appendToConsole(tx, vm, offset, text)),
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
      // Killed as soon as it hands something on: before the store has it, or after.
      const ended = once(child, 'exit');
      await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
      child.kill('SIGKILL');
      expect(await ended).toEqual([null, 'SIGKILL']);
    }
    const { follow, stop } = follower(into(store));
    follow(VM);
    await expect.poll(() => consoleTail(store.read, VM), PATIENT).toBe(written.slice(-CONSOLE_KEPT));
    await stop();
    expect(warned).toEqual([]);
  } finally {
    await store.close();
  }
});
