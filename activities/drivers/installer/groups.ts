import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { unlessInUse } from './in-use.ts';

/** Where scripts/host/groups.py keeps those of scripts, by the version of control groups. */
const GROUPS = ['', '/pids', '/memory'].map((controller) => `/sys/fs/cgroup${controller}/slipway-scripts`);

/** Takes the host's control groups of scripts away: a script that was killed leaves its own. One that is in use stays. */
export function removeGroups(): void {
  for (const group of GROUPS) {
    for (const run of unlessInUse(() => readdirSync(group, { withFileTypes: true })) ?? [])
      if (run.isDirectory()) unlessInUse(() => rmdirSync(join(group, run.name)));
    unlessInUse(() => rmdirSync(group));
  }
}
