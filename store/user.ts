import { eq } from 'drizzle-orm';
import type { Db } from './open.ts';
import { users } from './schema/access.ts';

export type UserRow = typeof users.$inferSelect;

export const findUser = async (db: Db, name: string): Promise<UserRow | undefined> =>
  db.select().from(users).where(eq(users.name, name)).get();

export const listUsers = async (db: Db): Promise<readonly UserRow[]> => db.select().from(users).orderBy(users.name);

/** Returns whether the name was free. */
export async function insertUser(tx: Db, row: UserRow): Promise<boolean> {
  return (await tx.insert(users).values(row).onConflictDoNothing().returning({ name: users.name })).length > 0;
}

/** Returns whether there is such a user. */
export async function setPassword(tx: Db, name: string, password: string): Promise<boolean> {
  return (
    (await tx.update(users).set({ password }).where(eq(users.name, name)).returning({ name: users.name })).length > 0
  );
}

/** Returns whether there was one. */
export async function deleteUser(tx: Db, name: string): Promise<boolean> {
  return (await tx.delete(users).where(eq(users.name, name)).returning({ name: users.name })).length > 0;
}
