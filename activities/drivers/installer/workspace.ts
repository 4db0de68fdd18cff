import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where scripts/host/workspace.py mounts a run's workspace, in a mount namespace of its own. */
const WORK = '/run/slipway';

/** Takes the host's empty directory for workspaces away. One that a run is mounted on stays: the kernel would take it from under the run. */
export function removeWorkspace(dir: string = WORK): void {
  if (isMountedOn(dir)) return;
  try {
    rmdirSync(dir);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'ENOTEMPTY', 'EBUSY', 'EACCES', 'EPERM', 'EROFS'].includes(code)) throw error;
  }
}

/** In whichever process's namespace. */
const isMountedOn = (dir: string): boolean =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => mountsOf(pid).some((line) => line.split(' ')[4] === dir));

function mountsOf(pid: string): readonly string[] {
  try {
    return readFileSync(join('/proc', pid, 'mountinfo'), 'utf8').split('\n');
  } catch {
    // It has ended, or is another user's.
    return [];
  }
}
