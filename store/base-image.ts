import { and, eq, lt } from 'drizzle-orm';
import type { BaseKey, NodeName } from '../domain/ids.ts';
import type { Db } from './open.ts';
import { baseImages, baseRecipes, baseWaiters } from './schema/volume.ts';

export type BaseImageRow = typeof baseImages.$inferSelect;
export type BaseRecipe = typeof baseRecipes.$inferSelect;

const image = (key: BaseKey, node: NodeName) => and(eq(baseImages.key, key), eq(baseImages.node, node));
const waiting = (key: BaseKey, node: NodeName) => and(eq(baseWaiters.key, key), eq(baseWaiters.node, node));

/** The same key is the same recipe. */
export async function keepRecipe(tx: Db, recipe: BaseRecipe): Promise<void> {
  await tx.insert(baseRecipes).values(recipe).onConflictDoNothing();
}

export const findRecipe = async (db: Db, key: BaseKey): Promise<BaseRecipe | undefined> =>
  db.select().from(baseRecipes).where(eq(baseRecipes.key, key)).get();

export const findBaseImage = async (db: Db, key: BaseKey, node: NodeName): Promise<BaseImageRow | undefined> =>
  db.select().from(baseImages).where(image(key, node)).get();

export async function insertBaseImage(tx: Db, row: BaseImageRow): Promise<void> {
  await tx.insert(baseImages).values(row);
}

export async function updateBaseImage(
  tx: Db,
  key: BaseKey,
  node: NodeName,
  change: Partial<Pick<BaseImageRow, 'state' | 'usedAt'>>,
): Promise<void> {
  await tx.update(baseImages).set(change).where(image(key, node));
}

export async function deleteBaseImage(tx: Db, key: BaseKey, node: NodeName): Promise<void> {
  await tx.delete(baseImages).where(image(key, node));
}

/** Ready base images that nobody has used since `before`: what a collector may remove. */
export const listUnusedBases = async (db: Db, before: number): Promise<readonly BaseImageRow[]> =>
  db
    .select()
    .from(baseImages)
    .where(and(eq(baseImages.state, 'ready'), lt(baseImages.usedAt, before)))
    .orderBy(baseImages.usedAt);

export async function addWaiter(tx: Db, key: BaseKey, node: NodeName, waiter: string): Promise<void> {
  await tx.insert(baseWaiters).values({ key, node, waiter }).onConflictDoNothing();
}

export async function deleteWaiter(tx: Db, key: BaseKey, node: NodeName, waiter: string): Promise<void> {
  await tx.delete(baseWaiters).where(and(waiting(key, node), eq(baseWaiters.waiter, waiter)));
}

export async function listWaiters(db: Db, key: BaseKey, node: NodeName): Promise<readonly string[]> {
  const rows = await db.select().from(baseWaiters).where(waiting(key, node)).orderBy(baseWaiters.waiter);
  return rows.map((row) => row.waiter);
}

/** A workflow that has ended waits for nothing. */
export async function deleteWaiterEverywhere(tx: Db, waiter: string): Promise<void> {
  await tx.delete(baseWaiters).where(eq(baseWaiters.waiter, waiter));
}
