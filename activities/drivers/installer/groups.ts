import { rmdirSync } from 'node:fs';

/** Where scripts/host/limits.py keeps scripts, by the version of control groups. */
const GROUPS = ['', '/pids', '/memory'].map((controller) => `/sys/fs/cgroup${controller}/slipway-scripts`);

/** Takes the host's control groups of scripts away: a script that was killed leaves its own. One that is in use stays. */
export function removeGroups(): void {
  for (const group of GROUPS)
    try {
      rmdirSync(group);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['ENOENT', 'EBUSY', 'EACCES', 'EPERM', 'EROFS'].includes(code)) throw error;
    }
}
