import { and, eq, isNotNull, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import type { NodeName, VmId } from '../domain/ids.ts';
import type { Disk } from '../domain/volume.ts';
import { among, hot, hotInsert } from './hot.ts';
import type { Db } from './open.ts';
import { vms } from './schema/vm.ts';
import { volumes } from './schema/volume.ts';

export type VolumeRow = typeof volumes.$inferSelect;

export function toDisk(row: VolumeRow): Disk {
  const { volume, name, pool, diskId, size, fill, filesystem, filesystemArgs, mountpoint } = row;
  return { volume, name, pool, diskId, size, fill, filesystem, filesystemArgs, mountpoint };
}

const ofVms = hot((db) => db.select().from(volumes).where(among(volumes.vm, 'vms')).orderBy(volumes.diskId).prepare());

/** Sorted by disk id. */
export const volumesOf = async (db: Db, ids: readonly VmId[]): Promise<readonly VolumeRow[]> =>
  ofVms(db).all({ vms: JSON.stringify(ids) });

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

const byName = hot((db) =>
  db
    .select({ volume: volumes, vmName: vms.name, vmState: vms.state })
    .from(volumes)
    .leftJoin(vms, eq(vms.id, volumes.vm))
    .where(and(eq(volumes.pool, sql.placeholder('pool')), eq(volumes.name, sql.placeholder('name'))))
    .prepare(),
);

/** A volume by what people call it, with the state of the VM it belongs to. */
export const findVolume = async (db: Db, pool: string, name: string) => byName(db).get({ pool, name });

const insert = hotInsert(volumes);

export async function insertVolumes(
  tx: Db,
  disks: readonly Disk[],
  owner: { readonly vm: VmId; readonly tenant: string; readonly node: NodeName; readonly addedAt?: number },
): Promise<void> {
  for (const disk of disks)
    insert(tx, { ...disk, ...owner, source: disk.fill.kind === 'clone' ? disk.fill.source : null });
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

const promised = hot((db) =>
  db
    .select({ node: volumes.node, pool: volumes.pool, size: sql<number>`sum(${volumes.size})` })
    .from(volumes)
    .innerJoin(vms, eq(vms.id, volumes.vm))
    .where(and(eq(vms.state, 'provisioning'), isNotNull(volumes.vm)))
    .groupBy(volumes.node, volumes.pool)
    .prepare(),
);

/** MiB promised to VMs on their way, which no node's figures show yet. */
export const listPromised = async (
  db: Db,
): Promise<readonly { readonly node: NodeName; readonly pool: string; readonly size: number }[]> => promised(db).all();
