import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { unlessInUse } from './in-use.ts';

/** Where scripts/host/workspace.py mounts a run's workspace, in a mount namespace of its own. */
const WORK = '/run/slipway';

/** Takes the host's empty directory for workspaces away. One that a run is mounted on stays: the kernel would take it from under the run. */
export function removeWorkspace(dir: string = WORK): void {
  if (!isMountedOn(dir)) unlessInUse(() => rmdirSync(dir));
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
