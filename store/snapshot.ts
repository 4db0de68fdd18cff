import { and, eq, inArray, or, sql } from 'drizzle-orm';
import type { SnapshotId, VmId } from '../domain/ids.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { Db } from './open.ts';
import { vmSnapshots } from './schema/snapshot.ts';

/** In the order of asking. */
export const snapshotsOf = async (db: Db, vms: readonly VmId[]): Promise<readonly Snapshot[]> =>
  db
    .select()
    .from(vmSnapshots)
    .where(inArray(vmSnapshots.vm, [...vms]))
    .orderBy(sql`rowid`);

/** By id or name, of this VM only; an id comes before a name that looks like one. */
export async function findSnapshot(db: Db, vm: VmId, ref: string): Promise<Snapshot | undefined> {
  const found = await db
    .select()
    .from(vmSnapshots)
    .where(and(eq(vmSnapshots.vm, vm), or(eq(vmSnapshots.id, ref as SnapshotId), eq(vmSnapshots.name, ref))));
  return found.find(({ id }) => id === ref) ?? found[0];
}

export async function insertSnapshot(tx: Db, row: Snapshot): Promise<void> {
  await tx.insert(vmSnapshots).values(row);
}

export async function updateSnapshot(tx: Db, id: SnapshotId, change: Partial<Omit<Snapshot, 'id'>>): Promise<void> {
  await tx.update(vmSnapshots).set(change).where(eq(vmSnapshots.id, id));
}

export async function deleteSnapshot(tx: Db, id: SnapshotId): Promise<void> {
  await tx.delete(vmSnapshots).where(eq(vmSnapshots.id, id));
}
