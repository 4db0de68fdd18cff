import { and, eq, gt, inArray, isNotNull, isNull, lt, lte, notInArray, or, sql } from 'drizzle-orm';
import type { Principal, Role } from '../domain/principal.ts';
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

const touch = hot((db) =>
  db
    .update(tokens)
    .set({ lastUsedAt: sql`${sql.placeholder('now')}` })
    .where(
      and(
        eq(tokens.id, sql.placeholder('id')),
        or(isNull(tokens.lastUsedAt), lt(tokens.lastUsedAt, sql.placeholder('now'))),
      ),
    )
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
): Promise<{ readonly row: TokenRow; readonly principal: Principal } | undefined> {
  const row = await byHash(db).get({ hash });
  return row && { row, principal: toPrincipal(row) };
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

/** Tokens that this person issued, oldest first. */
export const listTokensOf = async (db: Db, user: string): Promise<readonly TokenRow[]> =>
  db.select().from(tokens).where(eq(tokens.user, user)).orderBy(tokens.createdAt, tokens.id);

export async function insertToken(tx: Db, row: typeof tokens.$inferInsert): Promise<void> {
  await tx.insert(tokens).values(row);
}

/** Its sessions go with it. Returns whether there was one. */
export async function deleteToken(tx: Db, id: string): Promise<boolean> {
  return (await tx.delete(tokens).where(eq(tokens.id, id)).returning({ id: tokens.id })).length > 0;
}

/** Marks a use, at epoch milliseconds; an earlier one than is known changes nothing. */
export async function touchToken(tx: Db, id: string, now: number): Promise<void> {
  await touch(tx).run({ id, now });
}

/** Their sessions go with them. */
export async function deleteTokensOf(tx: Db, user: string): Promise<void> {
  await tx.delete(tokens).where(eq(tokens.user, user));
}

/** Makes the tokens that these people issued those of administrators, and nobody else's. */
export async function setAdministrators(tx: Db, admins: readonly string[]): Promise<void> {
  const set = (role: Role) => tx.update(tokens).set({ role });
  await set('user').where(and(isNotNull(tokens.user), notInArray(tokens.user, [...admins])));
  await set('admin').where(inArray(tokens.user, [...admins]));
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
