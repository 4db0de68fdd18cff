import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Run } from '../../../activities/drivers/run.ts';
import { type Keeping, keptLibvirt } from '../../../cli/process/kept-libvirt.ts';

const DONE = { code: 0, stdout: '', stderr: '' };
const LIST = ['virsh', 'list'] as const;

let dir: string;
let daemon: ChildProcess | undefined;
let starts: number;
let gone: number;
beforeEach(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'slipway-kept-')));
  [starts, gone] = [0, 0];
  await start();
  starts = 0;
});
afterEach(async () => {
  await kill();
  rmSync(dir, { recursive: true });
});

/** Something that runs as libvirtd does, known by its pid file. */
async function start(): Promise<void> {
  starts += 1;
  const file = join(dir, 'libvirtd.pid');
  const idle = 'console.log(0); setInterval(() => undefined, 60_000)';
  daemon = spawn(process.execPath, ['-e', idle, '--', file], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(daemon.stdout as NonNullable<typeof daemon.stdout>, 'data');
  writeFileSync(file, `${daemon.pid}\n`);
}

async function kill(): Promise<void> {
  if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
  const exit = once(daemon, 'exit');
  daemon.kill('SIGKILL');
  await exit;
}

/** A run that does these things, one a call; more calls than that fail. */
function scripted(...calls: readonly (() => Promise<void>)[]): { readonly run: Run; readonly left: () => number } {
  const rest = [...calls];
  return {
    left: () => rest.length,
    run: async () => {
      const next = rest.shift();
      if (!next) throw new Error('one call too many');
      await next();
      return DONE;
    },
  };
}
const works = async (): Promise<void> => undefined;
const fails = async (): Promise<void> => {
  throw new Error('virsh ended with 1');
};
const dies = async (): Promise<void> => {
  await kill();
  throw new Error('connection reset');
};

const keeping = (more: Partial<Keeping> = {}): Keeping => ({
  start,
  ...{ doubtMs: 60_000, lookMs: 60_000 },
  question: () => Promise.reject(new Error('questioned')),
  gone: () => {
    gone += 1;
  },
  unanswered: (error) => {
    throw error;
  },
  ...more,
});
const reach = (run: Run, more: Partial<Keeping> = {}) => {
  const kept = keptLibvirt(dir, keeping(more));
  return { reaching: kept.reaching(run), stop: kept.stop };
};

it('starts it before a virsh that would not find it', async () => {
  await kill();
  const { run, left } = scripted(works);
  await expect(reach(run).reaching(LIST)).resolves.toEqual(DONE);
  expect([starts, gone, left()]).toEqual([1, 1, 0]);
});

it('starts it again under a virsh, which is run once more', async () => {
  const { run, left } = scripted(dies, works);
  await expect(reach(run).reaching(LIST)).resolves.toEqual(DONE);
  expect([starts, left()]).toEqual([1, 0]);
});

it('starts it once for all who miss it', async () => {
  await kill();
  const { run } = scripted(works, works, works);
  const { reaching } = reach(run);
  await Promise.all([reaching(LIST), reaching(LIST), reaching(LIST)]);
  expect([starts, gone]).toEqual([1, 1]);
});

it('takes what a libvirtd that runs on refuses for an answer', async () => {
  const { run } = scripted(fails);
  await expect(reach(run).reaching(LIST)).rejects.toThrow('ended with 1');
  expect(starts).toBe(0);
});

it('gives up what fails twice, starts nothing for other programs, and nothing once it was stopped', async () => {
  const { run } = scripted(dies, fails);
  await expect(reach(run).reaching(LIST)).rejects.toThrow('ended with 1');
  expect(starts).toBe(1);
  await kill();
  await reach(scripted(works).run).reaching(['qemu-img', 'info']);
  const { reaching, stop } = reach(scripted(fails).run);
  await stop();
  await expect(reaching(LIST)).rejects.toThrow('ended with 1');
  expect(starts).toBe(1);
});

it('fails as its start does, and tries again with the next', async () => {
  await kill();
  let able = false;
  const { reaching } = keptLibvirt(dir, keeping({ start: () => (able ? start() : fails()) }));
  await expect(reaching(scripted(works).run)(LIST)).rejects.toThrow('ended with 1');
  able = true;
  await expect(reaching(scripted(works).run)(LIST)).resolves.toEqual(DONE);
});

/** A virsh whose libvirtd does not answer: it waits until that is no more. */
const hangs = async (): Promise<void> => {
  await once(daemon as ChildProcess, 'exit');
  throw new Error('connection reset');
};

it('questions one that lets a virsh wait, once at a time, and runs that again when it was replaced', async () => {
  let questions = 0;
  const question = async (): Promise<void> => {
    questions += 1;
    // Long enough for others to doubt it, too.
    await pause(50);
    await kill();
    await start();
  };
  const { run, left } = scripted(hangs, hangs, works, works);
  const { reaching } = reach(run, { question, doubtMs: 10 });
  await expect(Promise.all([reaching(LIST), reaching(LIST)])).resolves.toEqual([DONE, DONE]);
  expect([questions, starts, gone, left()]).toEqual([1, 1, 0, 0]);
});

it('tells of one that neither answers nor can be replaced, and questions no more once it was stopped', async () => {
  const told = Promise.withResolvers<unknown>();
  const { reaching, stop } = reach(scripted(hangs).run, { question: fails, unanswered: told.resolve, doubtMs: 10 });
  const waiting = expect(reaching(LIST)).rejects.toThrow('connection reset');
  await expect(told.promise).resolves.toMatchObject({ message: 'virsh ended with 1' });
  await stop();
  await kill();
  await waiting;
  expect(starts).toBe(0);
});

it('questions nothing for one that waits for events', async () => {
  const { run } = scripted(() => pause(100));
  await expect(reach(run, { doubtMs: 10 }).reaching(['virsh', 'event', '--loop'])).resolves.toEqual(DONE);
});

it('is questioned now and then though nobody waits for it, until it is stopped', async () => {
  let asked = 0;
  const twice = Promise.withResolvers<void>();
  const question = async (): Promise<void> => {
    asked += 1;
    if (asked === 2) twice.resolve();
  };
  const { stop } = reach(scripted().run, { question, lookMs: 10 });
  await twice.promise;
  await stop();
  const before = asked;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toBe(before);
});
