import { createHash } from 'node:crypto';
import type { BaseKey } from '../../../domain/ids.ts';
import { scriptFunctions, type TextTemplate } from '../../../domain/profile.ts';
import type { Disk } from '../../../domain/volume.ts';

interface Recipe {
  readonly script: TextTemplate | null;
  /** What build() is given. */
  readonly args: Readonly<Record<string, string>>;
  /** Of a VM: nothing but what every VM of the profile has in common counts. */
  readonly disks: readonly Disk[];
  readonly arch: string;
}

/**
 * Key of the base image that the VM's disks are cloned from; null if the script has no build() at its top level (by its text:
 * a line that begins with `def build(`) or there is no disk to fill.
 */
export function baseKeyOf({ script, args, disks, arch }: Recipe): BaseKey | null {
  const blank = disks.filter((disk) => disk.fill.kind === 'blank');
  if (script === null || blank.length === 0 || !scriptFunctions(script.text).build) return null;
  const recipe = {
    script: script.sha256,
    args: Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1)),
    disks: blank
      .map(({ diskId, pool, size, filesystem, filesystemArgs, mountpoint }) => ({
        ...{ diskId, pool, size, filesystem, filesystemArgs, mountpoint },
      }))
      .sort((a, b) => (a.diskId < b.diskId ? -1 : 1)),
    arch,
  };
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex') as BaseKey;
}
