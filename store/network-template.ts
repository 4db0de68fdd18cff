import { and, asc, eq, sql } from 'drizzle-orm';
import type { Vni } from '../domain/ids.ts';
import type { NetworkTemplate } from '../domain/profile.ts';
import { among, hot } from './hot.ts';
import { nameLike } from './like.ts';
import type { Db } from './open.ts';
import { networkTemplateNets as nets, networkTemplates } from './schema/template.ts';

export async function listNetworkTemplates(db: Db, limit?: string): Promise<readonly NetworkTemplate[]> {
  const rows = await db
    .select()
    .from(networkTemplates)
    .where(nameLike(networkTemplates.name, limit))
    .orderBy(networkTemplates.name);
  return withNets(db, rows);
}

const byName = hot((db) =>
  db
    .select()
    .from(networkTemplates)
    .where(eq(networkTemplates.name, sql.placeholder('name')))
    .prepare(),
);

const partsOf = hot((db) =>
  db.select().from(nets).where(among(nets.templateId, 'ids')).orderBy(asc(nets.id)).prepare(),
);

export async function findNetworkTemplate(db: Db, name: string): Promise<NetworkTemplate | undefined> {
  const [found] = await withNets(db, byName(db).all({ name }));
  return found;
}

/** Those of a template whose number matches, in the order of its Ethernet devices. */
export const listNets = (db: Db, templateId: number, limit?: string): Promise<NetworkTemplate['nets']> =>
  db
    .select({ id: nets.id, vni: nets.vni })
    .from(nets)
    .where(and(eq(nets.templateId, templateId), nameLike(nets.vni, limit)))
    .orderBy(asc(nets.id));

async function withNets(
  db: Db,
  rows: readonly (typeof networkTemplates.$inferSelect)[],
): Promise<readonly NetworkTemplate[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const all = partsOf(db).all({ ids: JSON.stringify(ids) });
  return rows.map((row) => ({
    ...row,
    nets: all.filter((net) => net.templateId === row.id).map(({ id, vni }) => ({ id, vni })),
  }));
}

export async function insertNetworkTemplate(tx: Db, name: string, macTemplate: string | null): Promise<number> {
  const [row] = await tx.insert(networkTemplates).values({ name, macTemplate }).returning({ id: networkTemplates.id });
  if (!row) throw new Error('bug: an insert returned no row');
  return row.id;
}

export async function updateNetworkTemplate(tx: Db, id: number, macTemplate: string | null): Promise<void> {
  await tx.update(networkTemplates).set({ macTemplate }).where(eq(networkTemplates.id, id));
}

export async function deleteNetworkTemplate(tx: Db, id: number): Promise<void> {
  await tx.delete(networkTemplates).where(eq(networkTemplates.id, id));
}

export async function insertNet(tx: Db, templateId: number, vni: Vni): Promise<void> {
  await tx.insert(nets).values({ templateId, vni });
}

/** Returns whether there was one. */
export async function deleteNet(tx: Db, templateId: number, vni: Vni): Promise<boolean> {
  const gone = await tx
    .delete(nets)
    .where(and(eq(nets.templateId, templateId), eq(nets.vni, vni)))
    .returning({ id: nets.id });
  return gone.length > 0;
}

export async function deleteNets(tx: Db, templateId: number): Promise<void> {
  await tx.delete(nets).where(eq(nets.templateId, templateId));
}

/** Names of the templates that put guests on this network. */
export async function templatesWithNet(db: Db, vni: Vni): Promise<readonly string[]> {
  const rows = await db
    .selectDistinct({ name: networkTemplates.name })
    .from(nets)
    .innerJoin(networkTemplates, eq(networkTemplates.id, nets.templateId))
    .where(eq(nets.vni, vni))
    .orderBy(networkTemplates.name);
  return rows.map((row) => row.name);
}
