import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Whether a process with this id runs and has every one of `marks` among its arguments: process ids are given anew. */
export function isOurs(pid: number, ...marks: readonly (string | RegExp)[]): boolean {
  if (pid <= 0) return false;
  const argv = ofProcess(pid, 'cmdline')?.split('\0') ?? [];
  const has = (mark: string | RegExp): boolean =>
    argv.some((arg) => (typeof mark === 'string' ? arg === mark : mark.test(arg)));
  return marks.every(has) && isAlive(pid);
}

/** When the process began, in the kernel's ticks, and which boot's; null if there is none. No two processes have it and the id in common. */
export function beginningOf(pid: number): string | null {
  const stat = ofProcess(pid, 'stat');
  const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[STARTTIME];
  return ticks === undefined ? null : `${bootId()} ${ticks}`;
}

/** Another one each time the host is booted. */
export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

// proc(5) counts it 22nd; the third, the state, is the first after the name.
const STARTTIME = 22 - 3;

/** Whether the process runs; one that has ended and was not reaped does not. */
export function isAlive(pid: number): boolean {
  const stat = ofProcess(pid, 'stat');
  // The state follows the name, which is in parentheses and may hold any character.
  return stat !== null && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

/** Null if there is no such process, or it is not to be looked at. */
function ofProcess(pid: number, file: 'cmdline' | 'stat'): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null;
  }
}

/** Ends a process, by force after `graceMs`. */
export async function endProcess(pid: number, graceMs: number): Promise<void> {
  if (!signal(pid, 'SIGTERM') || (await gone(pid, graceMs))) return;
  signal(pid, 'SIGKILL');
  await gone(pid, graceMs);
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

// Nothing tells of the end of a process that is not a child of ours, as an adopted server is not.
async function gone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await pause(20);
  }
  return true;
}
