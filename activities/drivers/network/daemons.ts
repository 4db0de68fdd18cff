import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pass } from 'node:timers/promises';
import { internal } from '../../../domain/fault.ts';

/** A process that is nobody's child here, known by its arguments: a file with its number may be stale or lost. */
export interface Daemon {
  readonly pid: number;
  readonly args: readonly string[];
}

const TERM_MS = 2_000;
const KILL_MS = 5_000;
const LOOK_MS = 5;

/** Processes of `program` with an argument that begins with `mark`. */
export async function findDaemons(program: string, mark: string): Promise<readonly Daemon[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = await Promise.all(pids.map(async (pid) => ({ pid, args: await argsOf(pid) })));
  return all.filter(({ args }) => args[0]?.split('/').at(-1) === program && args.some((arg) => arg.startsWith(mark)));
}

const lastFound = new Map<string, Daemon>();

/** The same; looks at the one that was found last first, which is most often all there is to see: a host has many processes. */
export async function knownDaemons(program: string, mark: string): Promise<readonly Daemon[]> {
  const last = lastFound.get(mark);
  if (last && (await argsOf(last.pid)).join('\0') === last.args.join('\0')) return [last];
  const found = await findDaemons(program, mark);
  const [only] = found;
  if (only && found.length === 1) lastFound.set(mark, only);
  else lastFound.delete(mark);
  return found;
}

/** Resolves when the process is gone, with all that it held open: asked to end, then killed. */
export async function endDaemon({ pid, args }: Daemon): Promise<void> {
  const birth = await birthOf(pid);
  const now = await argsOf(pid);
  // Its number may be another's already; without arguments, it is ending.
  if (birth === null || (now.length > 0 && now.join('\0') !== args.join('\0'))) return;
  for (const [signal, patience] of [['SIGTERM', TERM_MS] as const, ['SIGKILL', KILL_MS] as const]) {
    if (!tell(pid, signal) || (await goesWithin(pid, birth, patience))) return;
  }
  throw internal(`The process ${pid} (${args[0]}) does not end.`);
}

// The kernel tells only a parent when a process ends, and this one's is another: looking is all there is.
async function goesWithin(pid: number, birth: string, patienceMs: number): Promise<boolean> {
  for (const limit = Date.now() + patienceMs; Date.now() < limit; await pass(LOOK_MS)) {
    if ((await birthOf(pid)) !== birth) return true;
  }
  return false;
}

/** Sends a signal; false if there is no such process any more. */
export function tell(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** A process's arguments; none if it is gone or ending. */
async function argsOf(pid: number): Promise<readonly string[]> {
  const text = await readProc(`${pid}/cmdline`);
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

/** When a process began, in the kernel's ticks; null if it is gone, or dead and not yet collected. Its arguments go first, its sockets later. */
async function birthOf(pid: number): Promise<string | null> {
  // After the name in parentheses, which may hold anything: the state, and 18 fields later the start.
  const [state = 'X', ...rest] = (await readProc(`${pid}/stat`)).replace(/^.*\) /s, '').split(' ');
  return rest.length === 0 || state === 'Z' || state === 'X' ? null : (rest[18] ?? null);
}

const readProc = (path: string): Promise<string> =>
  readFile(`/proc/${path}`, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return '';
    throw error;
  });
