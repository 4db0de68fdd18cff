import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { scriptFailed } from '../../../domain/fault.ts';
import { scriptFunctions } from '../../../domain/profile.ts';
import type { Installer } from './driver.ts';
import { scriptArguments } from './kwargs.ts';
import { mkfsCommand } from './mkfs.ts';

export interface SimInstallerOptions {
  /** Directory of the records: `formats/<volume>.json`, `installs/<first volume>.<entry>.json`. */
  readonly dir: string;
  /** Milliseconds that each effect takes. */
  readonly stepMs: number;
}

/** Filesystems of a Debian host with e2fsprogs, xfsprogs, btrfs-progs and dosfstools. */
const FILESYSTEMS = ['bfs', 'btrfs', 'cramfs', 'ext2', 'ext3', 'ext4', 'fat', 'minix', 'swap', 'vfat', 'xfs'];

/** Records what would be formatted and run, without the values of arguments; executes nothing. */
export function sim({ dir, stepMs }: SimInstallerOptions): Installer {
  const record = async (kind: string, name: string, content: unknown, signal: AbortSignal): Promise<void> => {
    const folder = join(dir, kind);
    await mkdir(folder, { recursive: true });
    // The same for every attempt, so that the next one takes it over from one that was killed.
    const working = join(folder, `.${name}~`);
    try {
      await writeFile(working, JSON.stringify(content));
      if (stepMs > 0) await delay(stepMs, undefined, { signal });
      signal.throwIfAborted();
      await rename(working, join(folder, `${name}.json`));
    } catch (error) {
      await rm(working, { force: true });
      signal.throwIfAborted();
      throw error;
    }
  };

  return {
    filesystems: async () => FILESYSTEMS,

    async format(disk, signal) {
      if (!disk.filesystem) return;
      const argv = mkfsCommand(disk.filesystem, disk.filesystemArgs);
      await record('formats', disk.volume, { argv, source: disk.source }, signal);
    },

    async run(job, line, signal) {
      const { entry, input, disks } = job;
      if (!scriptFunctions(input.script)[entry])
        throw scriptFailed(`NameError: the script defines no function ${entry}()`);
      line(`simulated: ${entry}() of a script of ${input.script.length} characters on ${disks.length} disks`);
      const content = { vmName: input.vmName, arguments: Object.keys(scriptArguments(job)) };
      await record('installs', `${disks[0]?.volume ?? 'no-disk'}.${entry}`, content, signal);
      return { boot: null };
    },
  };
}
