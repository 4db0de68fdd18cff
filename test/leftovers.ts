import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Programs that tests start; whatever of these is there after a run and was not before it was left behind. */
const PROGRAMS =
  /^(qemu-system-\S+|qemu-img|dnsmasq|temporal(-test-server)?|libvirtd|slapd|virtlogd|virtqemud|bwrap|debootstrap)$/;
/** Command lines of our own long-running processes. */
const OURS = /cli\/main\.(ts|js) (up|api|control|node)\b/;
/** Linux's directory in memory: unit tests make hundreds of stores, and would wait for the disk half of their time. */
const MEMORY = '/dev/shm';
/** Where unit tests make temporary directories. */
export const UNIT_TMPDIR = existsSync(MEMORY) ? MEMORY : tmpdir();
const TMPDIRS = [...new Set([tmpdir(), UNIT_TMPDIR])];
/** Directories that tests make there. */
const TEMPORARY = /^slipway-/;

/** Where iproute2 keeps the namespaces of all: the first that is made since the host's boot makes a mount of it, which stays. */
const NAMESPACES = '/run/netns';

/** Kinds of things a test could leave on the machine, each as a list of names that stay the same while nothing changes. */
export const WITNESSES: Readonly<Record<string, () => readonly string[]>> = {
  process: processes,
  mount: () =>
    lines(readFileSync('/proc/self/mounts', 'utf8'))
      .map((line) => line.split(' ').slice(0, 3).join(' '))
      .filter((line) => line.split(' ')[1] !== NAMESPACES),
  'loop device': () => lines(program('losetup', ['--list', '--noheadings', '--output', 'NAME,BACK-FILE'])),
  'network namespace': () => lines(program('ip', ['netns', 'list'])),
  interface: () => readdirSync('/sys/class/net'),
  'nftables table': () => lines(program('nft', ['list', 'tables'])),
  'temporary directory': () =>
    TMPDIRS.flatMap((dir) =>
      readdirSync(dir)
        .filter((name) => TEMPORARY.test(name))
        .map((name) => join(dir, name)),
    ),
};

function processes(): readonly string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      const found = describe(pid);
      return found ? [`${pid} ${found}`] : [];
    });
}

/** What a process is, if it is one that tests start; null for others, for zombies and for those that ended meanwhile. */
function describe(pid: string): string | null {
  try {
    const [, name = '', state = ''] = /\((.*)\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    if (state === 'Z') return null;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    // The kernel cuts names to 15 characters; the command line has the whole one.
    const whole = command.split(' ')[0]?.split('/').at(-1) ?? name;
    return PROGRAMS.test(whole) || OURS.test(command) ? command.slice(0, 160) : null;
  } catch {
    return null;
  }
}

/** Output of a program; empty where it is not installed or may not be asked (not root): then it cannot have left anything either. */
function program(name: string, args: readonly string[]): string {
  try {
    return execFileSync(name, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line.trim() !== '');

export type Snapshot = Readonly<Record<string, readonly string[]>>;

/** What is on the machine now. */
export const snapshot = (): Snapshot =>
  Object.fromEntries(Object.entries(WITNESSES).map(([kind, witness]) => [kind, witness()]));

/** `<kind>: <name>` of whatever `after` has and `before` had not. */
export function leftovers(before: Snapshot, after: Snapshot): readonly string[] {
  return Object.entries(after).flatMap(([kind, names]) => {
    const known = new Set(before[kind]);
    return names.filter((name) => !known.has(name)).map((name) => `${kind}: ${name}`);
  });
}

/** How long ended processes may take to disappear: process 1 of a container reaps only every 2 s. */
const GRACE_MS = 10_000;

let before: Snapshot = {};

/** vitest calls it before the first test. */
export function setup(): void {
  before = snapshot();
}

/**
 * vitest calls it after the last test: the run fails if it left anything on the machine.
 * SLIPWAY_SHARED_MACHINE=1 only reports, for machines where others work at the same time.
 */
export async function teardown(): Promise<void> {
  const deadline = Date.now() + GRACE_MS;
  let found = leftovers(before, snapshot());
  while (found.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    found = leftovers(before, snapshot());
  }
  if (found.length === 0) return;
  const report = `the tests left behind:\n${found.map((line) => `  ${line}`).join('\n')}`;
  if (process.env.SLIPWAY_SHARED_MACHINE === '1') process.stderr.write(`${report}\n`);
  else throw new Error(report);
}
