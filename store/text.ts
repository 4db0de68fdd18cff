import { createHash } from 'node:crypto';
import { and, eq, sql } from 'drizzle-orm';
import type { Sha256 } from '../domain/ids.ts';
import type { TextTemplate } from '../domain/profile.ts';
import { hot } from './hot.ts';
import { nameLike } from './like.ts';
import type { Db } from './open.ts';
import { textContents, texts } from './schema/template.ts';

export type TextKind = 'userdata' | 'script';

const columns = { id: texts.id, name: texts.name, sha256: texts.sha256, text: textContents.text };

const select = (db: Db) =>
  db.select(columns).from(texts).innerJoin(textContents, eq(textContents.sha256, texts.sha256));

export const listTexts = async (db: Db, kind: TextKind, limit?: string): Promise<readonly TextTemplate[]> =>
  select(db)
    .where(and(eq(texts.kind, kind), nameLike(texts.name, limit)))
    .orderBy(texts.name);

const byName = hot((db) =>
  select(db)
    .where(and(eq(texts.kind, sql.placeholder('kind')), eq(texts.name, sql.placeholder('name'))))
    .prepare(),
);

export const findText = async (db: Db, kind: TextKind, name: string): Promise<TextTemplate | undefined> =>
  byName(db).get({ kind, name });

export async function contentOf(db: Db, sha256: Sha256): Promise<string | undefined> {
  return db.select().from(textContents).where(eq(textContents.sha256, sha256)).get()?.text;
}

export async function insertText(tx: Db, kind: TextKind, name: string, text: string): Promise<number> {
  const sha256 = await keepContent(tx, text);
  const [row] = await tx.insert(texts).values({ kind, name, sha256 }).returning({ id: texts.id });
  if (!row) throw new Error('bug: an insert returned no row');
  return row.id;
}

export async function updateText(tx: Db, id: number, text: string): Promise<void> {
  const sha256 = await keepContent(tx, text);
  await tx.update(texts).set({ sha256 }).where(eq(texts.id, id));
  await dropUnusedContents(tx);
}

export async function deleteText(tx: Db, id: number): Promise<void> {
  await tx.delete(texts).where(eq(texts.id, id));
  await dropUnusedContents(tx);
}

async function keepContent(tx: Db, text: string): Promise<Sha256> {
  const sha256 = createHash('sha256').update(text).digest('hex') as Sha256;
  await tx.insert(textContents).values({ sha256, text }).onConflictDoNothing();
  return sha256;
}

/** Forgets texts that no template, VM or base image has any more. */
export async function dropUnusedContents(tx: Db): Promise<void> {
  await tx.run(sql`
    DELETE FROM text_contents WHERE
      NOT EXISTS (SELECT 1 FROM texts WHERE texts.sha256 = text_contents.sha256) AND
      NOT EXISTS (SELECT 1 FROM vms WHERE text_contents.sha256 IN (vms.script_sha256, vms.userdata_sha256)) AND
      NOT EXISTS (SELECT 1 FROM base_recipes WHERE base_recipes.script_sha256 = text_contents.sha256)`);
}
