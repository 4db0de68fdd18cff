import { type BaseKey, baseVolumeId } from './ids.ts';
import type { Disk } from './volume.ts';

/** Whether a base image has this disk: every disk of ours to fill, formatted or not; none that was imported from another volume. */
const isOfBase = (disk: Disk, base: BaseKey): boolean =>
  disk.fill.kind === 'blank' || disk.fill.source === baseVolumeId(base, disk.diskId);

/** A VM's disks as they are made: those that its base image has are clones of it. The same for disks that went through it already. */
export function clonedDisks(disks: readonly Disk[], base: BaseKey | null): readonly Disk[] {
  if (base === null) return disks;
  return disks.map((disk) =>
    isOfBase(disk, base) ? { ...disk, fill: { kind: 'clone', source: baseVolumeId(base, disk.diskId) } } : disk,
  );
}

/** The base image's own disks, for VMs with these: blank, under the names that clones are made of. */
export const baseDisks = (disks: readonly Disk[], base: BaseKey): readonly Disk[] =>
  disks
    .filter((disk) => isOfBase(disk, base))
    .map((disk) => {
      const volume = baseVolumeId(base, disk.diskId);
      return { ...disk, volume, name: volume, fill: { kind: 'blank' } };
    });
