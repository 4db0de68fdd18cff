import { and, asc, eq, sql } from 'drizzle-orm';
import type { StorageTemplate, StorageTemplateDisk } from '../domain/profile.ts';
import { among, hot } from './hot.ts';
import { nameLike } from './like.ts';
import type { Db } from './open.ts';
import { storageTemplateDisks as disks, storageTemplates } from './schema/template.ts';

export async function listStorageTemplates(db: Db, limit?: string): Promise<readonly StorageTemplate[]> {
  const rows = await db
    .select()
    .from(storageTemplates)
    .where(nameLike(storageTemplates.name, limit))
    .orderBy(storageTemplates.name);
  return withDisks(db, rows);
}

const byName = hot((db) =>
  db
    .select()
    .from(storageTemplates)
    .where(eq(storageTemplates.name, sql.placeholder('name')))
    .prepare(),
);

const partsOf = hot((db) =>
  db.select().from(disks).where(among(disks.templateId, 'ids')).orderBy(asc(disks.diskId)).prepare(),
);

export async function findStorageTemplate(db: Db, name: string): Promise<StorageTemplate | undefined> {
  const [found] = await withDisks(db, byName(db).all({ name }));
  return found;
}

/** Those of a template whose device name matches, in the order of these names. */
export const listDisks = async (db: Db, templateId: number, limit?: string): Promise<readonly StorageTemplateDisk[]> =>
  (
    await db
      .select()
      .from(disks)
      .where(and(eq(disks.templateId, templateId), nameLike(disks.diskId, limit)))
      .orderBy(asc(disks.diskId))
  ).map(({ templateId: _, ...disk }) => disk);

async function withDisks(
  db: Db,
  rows: readonly (typeof storageTemplates.$inferSelect)[],
): Promise<readonly StorageTemplate[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const all = partsOf(db).all({ ids: JSON.stringify(ids) });
  return rows.map((row) => ({
    ...row,
    disks: all.filter((disk) => disk.templateId === row.id).map(({ templateId: _, ...disk }) => disk),
  }));
}

export async function insertStorageTemplate(tx: Db, name: string): Promise<number> {
  const [row] = await tx.insert(storageTemplates).values({ name }).returning({ id: storageTemplates.id });
  if (!row) throw new Error('bug: an insert returned no row');
  return row.id;
}

export async function deleteStorageTemplate(tx: Db, id: number): Promise<void> {
  await tx.delete(storageTemplates).where(eq(storageTemplates.id, id));
}

export async function insertDisk(tx: Db, templateId: number, disk: Omit<StorageTemplateDisk, 'id'>): Promise<void> {
  await tx.insert(disks).values({ templateId, ...disk });
}

/** Returns whether there was one. */
export async function deleteDisk(tx: Db, templateId: number, diskId: string): Promise<boolean> {
  const gone = await tx
    .delete(disks)
    .where(and(eq(disks.templateId, templateId), eq(disks.diskId, diskId)))
    .returning({ id: disks.id });
  return gone.length > 0;
}

export async function deleteDisks(tx: Db, templateId: number): Promise<void> {
  await tx.delete(disks).where(eq(disks.templateId, templateId));
}
