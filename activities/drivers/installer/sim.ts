import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { scriptFailed } from '../../../domain/fault.ts';
import { scriptFunctions } from '../../../domain/profile.ts';
import { workingName } from '../storage/volume-name.ts';
import type { Installer, OpenDisk } from './driver.ts';
import { scriptArguments } from './kwargs.ts';
import { mkfsCommand } from './mkfs.ts';

export interface SimInstallerOptions {
  /** Milliseconds that each effect takes. */
  readonly stepMs: number;
}

/** Filesystems of a Debian host with e2fsprogs, xfsprogs, btrfs-progs and dosfstools. */
const FILESYSTEMS = ['bfs', 'btrfs', 'cramfs', 'ext2', 'ext3', 'ext4', 'fat', 'minix', 'swap', 'vfat', 'xfs'];

/**
 * Executes nothing: writes into the simulated volumes what would be on them, which goes when they do. Values of arguments
 * are left out.
 */
export function sim({ stepMs }: SimInstallerOptions): Installer {
  const put = async ({ volume, source }: OpenDisk, content: object, signal: AbortSignal): Promise<void> => {
    if (source.type !== 'file') throw new Error('bug: a simulated volume is a file');
    // The same for every attempt, so that the next one takes it over from one that was killed.
    const working = join(dirname(source.path), workingName(volume, 'content'));
    try {
      const known = JSON.parse(await readFile(source.path, 'utf8')) as object;
      await writeFile(working, JSON.stringify({ ...known, ...content }));
      if (stepMs > 0) await delay(stepMs, undefined, { signal });
      signal.throwIfAborted();
      await rename(working, source.path);
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
      await put(disk, { mkfs: mkfsCommand(disk.filesystem, disk.filesystemArgs) }, signal);
    },

    async run(job, line, signal) {
      const { entry, input, disks } = job;
      if (!scriptFunctions(input.script)[entry])
        throw scriptFailed(`NameError: the script defines no function ${entry}()`);
      line(`simulated: ${entry}() of a script of ${input.script.length} characters on ${disks.length} disks`);
      const [first] = disks;
      if (first)
        await put(first, { [entry]: { vmName: input.vmName, arguments: Object.keys(scriptArguments(job)) } }, signal);
      return { boot: null };
    },
  };
}
