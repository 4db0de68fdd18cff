import { and, eq, isNotNull, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import type { NodeName, TaskId, VmId, VolumeId } from '../domain/ids.ts';
import type { Disk, Volume } from '../domain/volume.ts';
import { among, hot, hotInsert } from './hot.ts';
import type { Db } from './open.ts';
import { vms } from './schema/vm.ts';
import { volumes } from './schema/volume.ts';

export type VolumeRow = typeof volumes.$inferSelect;

const one = (pool: string, volume: VolumeId) => and(eq(volumes.pool, pool), eq(volumes.volume, volume));

export function toDisk(row: VolumeRow): Disk {
  const { volume, name, pool, diskId, size, fill, filesystem, filesystemArgs, mountpoint } = row;
  return { volume, name, pool, diskId, size, fill, filesystem, filesystemArgs, mountpoint };
}

const ofVms = hot((db) => db.select().from(volumes).where(among(volumes.vm, 'vms')).orderBy(volumes.diskId).prepare());

/** Sorted by disk id. */
export const volumesOf = async (db: Db, ids: readonly VmId[]): Promise<readonly VolumeRow[]> =>
  ofVms(db).all({ vms: JSON.stringify(ids) });

export const disksOf = async (db: Db, vm: VmId): Promise<readonly Disk[]> => (await volumesOf(db, [vm])).map(toDisk);

/** Sorted by pool and name. */
export async function listVolumes(
  db: Db,
  filter: { readonly tenant?: string | undefined; readonly pool?: string | undefined },
): Promise<readonly Volume[]> {
  const conditions: SQL[] = [];
  if (filter.tenant !== undefined) conditions.push(eq(volumes.tenant, filter.tenant));
  if (filter.pool !== undefined) conditions.push(eq(volumes.pool, filter.pool));
  const { pool, name, size, node } = volumes;
  return db
    .select({ pool, name, size, node, vm: vms.name })
    .from(volumes)
    .leftJoin(vms, eq(vms.id, volumes.vm))
    .where(and(...conditions))
    .orderBy(pool, name);
}

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
  await tx.delete(volumes).where(one(pool, volume));
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

/** Names of this volume's clones. */
export async function clonesOfVolume(db: Db, { pool, volume }: VolumeRow): Promise<readonly string[]> {
  const rows = await db
    .select({ name: volumes.name })
    .from(volumes)
    .where(and(eq(volumes.pool, pool), eq(volumes.source, volume)))
    .orderBy(volumes.name);
  return rows.map((row) => row.name);
}

export async function markVolumeRemoving(tx: Db, { pool, volume }: VolumeRow, task: TaskId): Promise<void> {
  await tx.update(volumes).set({ removing: task }).where(one(pool, volume));
}

/** Takes back the mark of a task that ended without removing. */
export async function unmarkVolumesOf(tx: Db, task: TaskId): Promise<void> {
  await tx.update(volumes).set({ removing: null }).where(eq(volumes.removing, task));
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
