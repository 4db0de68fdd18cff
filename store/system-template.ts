import { eq, sql } from 'drizzle-orm';
import type { SystemTemplate } from '../domain/profile.ts';
import { hot } from './hot.ts';
import { nameLike } from './like.ts';
import type { Db } from './open.ts';
import { systemTemplates } from './schema/template.ts';

export const listSystemTemplates = async (db: Db, limit?: string): Promise<readonly SystemTemplate[]> =>
  db.select().from(systemTemplates).where(nameLike(systemTemplates.name, limit)).orderBy(systemTemplates.name);

const byName = hot((db) =>
  db
    .select()
    .from(systemTemplates)
    .where(eq(systemTemplates.name, sql.placeholder('name')))
    .prepare(),
);

export const findSystemTemplate = async (db: Db, name: string): Promise<SystemTemplate | undefined> =>
  byName(db).get({ name });

export async function insertSystemTemplate(tx: Db, template: Omit<SystemTemplate, 'id'>): Promise<number> {
  const [row] = await tx.insert(systemTemplates).values(template).returning({ id: systemTemplates.id });
  if (!row) throw new Error('bug: an insert returned no row');
  return row.id;
}

export async function updateSystemTemplate(
  tx: Db,
  id: number,
  change: Partial<Omit<SystemTemplate, 'id' | 'name'>>,
): Promise<void> {
  if (Object.keys(change).length > 0) await tx.update(systemTemplates).set(change).where(eq(systemTemplates.id, id));
}

export async function deleteSystemTemplate(tx: Db, id: number): Promise<void> {
  await tx.delete(systemTemplates).where(eq(systemTemplates.id, id));
}
