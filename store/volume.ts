import { and, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import type { NodeName, VmId } from '../domain/ids.ts';
import type { Disk } from '../domain/volume.ts';
import type { Db } from './open.ts';
import { vms } from './schema/vm.ts';
import { volumes } from './schema/volume.ts';

export type VolumeRow = typeof volumes.$inferSelect;

export function toDisk(row: VolumeRow): Disk {
  const { volume, name, pool, diskId, size, fill, filesystem, filesystemArgs, mountpoint } = row;
  return { volume, name, pool, diskId, size, fill, filesystem, filesystemArgs, mountpoint };
}

/** Sorted by disk id. */
export const volumesOf = async (db: Db, ids: readonly VmId[]): Promise<readonly VolumeRow[]> =>
  db
    .select()
    .from(volumes)
    .where(inArray(volumes.vm, [...ids]))
    .orderBy(volumes.diskId);

export const disksOf = async (db: Db, vm: VmId): Promise<readonly Disk[]> => (await volumesOf(db, [vm])).map(toDisk);

/** Disks that a VM was given after it was made, in the order that it was. */
export const addedDisksOf = async (db: Db, vm: VmId): Promise<readonly Disk[]> =>
  (
    await db
      .select()
      .from(volumes)
      .where(and(eq(volumes.vm, vm), isNotNull(volumes.addedAt)))
      .orderBy(volumes.addedAt, volumes.diskId)
  ).map(toDisk);

/** A volume by what people call it, with the state of the VM it belongs to. */
export async function findVolume(db: Db, pool: string, name: string) {
  return db
    .select({ volume: volumes, vmName: vms.name, vmState: vms.state })
    .from(volumes)
    .leftJoin(vms, eq(vms.id, volumes.vm))
    .where(and(eq(volumes.pool, pool), eq(volumes.name, name)))
    .get();
}

export async function insertVolumes(
  tx: Db,
  disks: readonly Disk[],
  owner: { readonly vm: VmId; readonly tenant: string; readonly node: NodeName; readonly addedAt?: number },
): Promise<void> {
  const rows = disks.map((disk) => ({
    ...disk,
    ...owner,
    source: disk.fill.kind === 'clone' ? disk.fill.source : null,
  }));
  if (rows.length > 0) await tx.insert(volumes).values(rows);
}

export async function deleteVolumesOf(tx: Db, vm: VmId): Promise<void> {
  await tx.delete(volumes).where(eq(volumes.vm, vm));
}

export async function deleteVolume(tx: Db, { pool, volume }: Pick<Disk, 'pool' | 'volume'>): Promise<void> {
  await tx.delete(volumes).where(and(eq(volumes.pool, pool), eq(volumes.volume, volume)));
}

/** Names of the volumes that are clones of this VM's and not its own. */
export async function clonesOf(db: Db, vm: VmId): Promise<readonly string[]> {
  const source = alias(volumes, 'source');
  const rows = await db
    .select({ name: volumes.name })
    .from(volumes)
    .innerJoin(source, and(eq(source.pool, volumes.pool), eq(source.volume, volumes.source)))
    .where(and(eq(source.vm, vm), sql`${volumes.vm} IS NOT ${vm}`))
    .orderBy(volumes.name);
  return rows.map((row) => row.name);
}

/** MiB promised to VMs on their way, which no node's figures show yet. */
export async function listPromised(
  db: Db,
): Promise<readonly { readonly node: NodeName; readonly pool: string; readonly size: number }[]> {
  return db
    .select({ node: volumes.node, pool: volumes.pool, size: sql<number>`sum(${volumes.size})` })
    .from(volumes)
    .innerJoin(vms, eq(vms.id, volumes.vm))
    .where(and(eq(vms.state, 'provisioning'), isNotNull(volumes.vm)))
    .groupBy(volumes.node, volumes.pool);
}
