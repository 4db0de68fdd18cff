import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where scripts/host/groups.py keeps those of scripts, by the version of control groups. */
const GROUPS = ['', '/pids', '/memory'].map((controller) => `/sys/fs/cgroup${controller}/slipway-scripts`);

/** Takes the host's control groups of scripts away: a script that was killed leaves its own. One that is in use stays. */
export function removeGroups(): void {
  for (const group of GROUPS) {
    for (const run of unlessGone(() => readdirSync(group, { withFileTypes: true })) ?? [])
      if (run.isDirectory()) unlessGone(() => rmdirSync(join(group, run.name)));
    unlessGone(() => rmdirSync(group));
  }
}

/** What the act gives; nothing where there is no such group, or where it is in use or not ours. */
function unlessGone<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'EBUSY', 'EACCES', 'EPERM', 'EROFS'].includes(code)) throw error;
    return undefined;
  }
}
