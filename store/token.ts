import { and, eq, gt, lte, sql } from 'drizzle-orm';
import type { Principal } from '../domain/principal.ts';
import { hot } from './hot.ts';
import type { Db } from './open.ts';
import { sessions, tokens } from './schema/access.ts';

export type TokenRow = typeof tokens.$inferSelect;

const toPrincipal = (row: Pick<TokenRow, 'description' | 'tenant' | 'role'>): Principal => ({
  account: row.description,
  tenant: row.tenant,
  role: row.role,
});

const byHash = hot((db) =>
  db
    .select()
    .from(tokens)
    .where(eq(tokens.hash, sql.placeholder('hash')))
    .prepare(),
);

const bySession = hot((db) =>
  db
    .select({ hash: sessions.hash, description: tokens.description, tenant: tokens.tenant, role: tokens.role })
    .from(sessions)
    .innerJoin(tokens, eq(tokens.id, sessions.tokenId))
    .where(and(eq(sessions.hash, sql.placeholder('hash')), gt(sessions.expiresAt, sql.placeholder('now'))))
    .prepare(),
);

export async function findToken(
  db: Db,
  hash: string,
): Promise<{ readonly id: string; readonly hash: string; readonly principal: Principal } | undefined> {
  const row = await byHash(db).get({ hash });
  return row && { id: row.id, hash: row.hash, principal: toPrincipal(row) };
}

export async function findSession(
  db: Db,
  hash: string,
  now: number,
): Promise<{ readonly hash: string; readonly principal: Principal } | undefined> {
  const row = await bySession(db).get({ hash, now });
  return row && { hash: row.hash, principal: toPrincipal(row) };
}

export const listTokens = async (db: Db): Promise<readonly TokenRow[]> =>
  db.select().from(tokens).orderBy(tokens.createdAt, tokens.id);

export async function insertToken(tx: Db, row: TokenRow): Promise<void> {
  await tx.insert(tokens).values(row);
}

/** Its sessions go with it. Returns whether there was one. */
export async function deleteToken(tx: Db, id: string): Promise<boolean> {
  return (await tx.delete(tokens).where(eq(tokens.id, id)).returning({ id: tokens.id })).length > 0;
}

export async function insertSession(tx: Db, row: typeof sessions.$inferInsert): Promise<void> {
  await tx.insert(sessions).values(row);
}

export async function deleteSession(tx: Db, hash: string): Promise<void> {
  await tx.delete(sessions).where(eq(sessions.hash, hash));
}

export async function deleteExpiredSessions(tx: Db, now: number): Promise<void> {
  await tx.delete(sessions).where(lte(sessions.expiresAt, now));
}
