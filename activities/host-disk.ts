import { type Disk, keepsSnapshots } from '../domain/volume.ts';
import { currentAttempt } from './attempt.ts';
import type { OpenDisk } from './drivers/installer/driver.ts';
import type { HostDeps } from './host-deps.ts';
import { slots } from './slots.ts';

type Volume = Pick<Disk, 'pool' | 'volume'>;
type DiskDeps = Pick<HostDeps, 'storage' | 'installer' | 'concurrency'>;

export function diskActivities(deps: DiskDeps) {
  const formatting = slots(deps.concurrency);
  return {
    /** Succeeds if the disk's volume exists, blank or as a clone of what fills it. */
    ensureVolume: (disk: Disk): Promise<void> => ensureVolume(deps, disk),

    removeVolume: async ({ pool, volume }: Volume): Promise<void> => (await deps.storage(pool)).remove(volume),

    /** Succeeds if the volume carries a new filesystem of the kind asked for. */
    formatVolume: async (disk: Disk): Promise<void> => {
      const { signal } = currentAttempt();
      const open = await openDisk(deps, disk);
      await formatting(signal, () => deps.installer.format(open, signal));
    },
  };
}

async function ensureVolume({ storage }: DiskDeps, disk: Disk): Promise<void> {
  const pool = await storage(disk.pool);
  await (disk.fill.kind === 'clone'
    ? pool.clone(disk.fill.source, disk.volume, disk.size)
    : pool.ensure(disk.volume, disk.size, { snapshots: keepsSnapshots(disk) }));
}

/** The disk with the way to open it. */
export async function openDisk({ storage }: DiskDeps, disk: Disk): Promise<OpenDisk> {
  return { ...disk, source: await (await storage(disk.pool)).locate(disk.volume) };
}

/** Makes the disks anew, so that nothing of a half-finished script is left on them. */
export async function remakeDisks(deps: DiskDeps, disks: readonly Disk[], signal: AbortSignal): Promise<void> {
  for (const disk of disks) {
    signal.throwIfAborted();
    await (await deps.storage(disk.pool)).remove(disk.volume);
    await ensureVolume(deps, disk);
    if (disk.filesystem !== null && disk.fill.kind === 'blank')
      await deps.installer.format(await openDisk(deps, disk), signal);
  }
}
