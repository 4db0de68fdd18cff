import { and, eq, lt, sql } from 'drizzle-orm';
import type { BaseKey, NodeName, TaskId } from '../domain/ids.ts';
import { hot } from './hot.ts';
import type { Db } from './open.ts';
import { baseImages, baseRecipes, baseWaiters, volumes } from './schema/volume.ts';
import { dropUnusedContents } from './text.ts';

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

const byPlace = hot((db) =>
  db
    .select()
    .from(baseImages)
    .where(and(eq(baseImages.key, sql.placeholder('key')), eq(baseImages.node, sql.placeholder('node'))))
    .prepare(),
);

export const findBaseImage = async (db: Db, key: BaseKey, node: NodeName): Promise<BaseImageRow | undefined> =>
  byPlace(db).get({ key, node });

export async function insertBaseImage(tx: Db, row: BaseImageRow): Promise<void> {
  await tx.insert(baseImages).values(row);
}

export async function updateBaseImage(
  tx: Db,
  key: BaseKey,
  node: NodeName,
  change: Partial<Pick<BaseImageRow, 'state' | 'usedAt' | 'build'>>,
): Promise<void> {
  await tx.update(baseImages).set(change).where(image(key, node));
}

export async function deleteBaseImage(tx: Db, key: BaseKey, node: NodeName): Promise<void> {
  await tx.delete(baseImages).where(image(key, node));
}

/** Ready base images that nobody was given since `before`, with how they are made. */
export async function listUnusedBases(
  db: Db,
  before: number,
): Promise<readonly { readonly image: BaseImageRow; readonly recipe: BaseRecipe }[]> {
  return db
    .select({ image: baseImages, recipe: baseRecipes })
    .from(baseImages)
    .innerJoin(baseRecipes, eq(baseRecipes.key, baseImages.key))
    .where(and(eq(baseImages.state, 'ready'), lt(baseImages.usedAt, before)))
    .orderBy(baseImages.usedAt);
}

/** Takes back the mark of a removal that ended without removing: the image is whole, and counts as used now. */
export async function unmarkBasesOf(tx: Db, task: TaskId): Promise<void> {
  unmark(tx).run({ task, now: Date.now() });
}

const unmark = hot((db) =>
  db
    .update(baseImages)
    .set({ state: 'ready', usedAt: sql`${sql.placeholder('now')}` })
    .where(and(eq(baseImages.build, sql.placeholder('task')), eq(baseImages.state, 'removing')))
    .prepare(),
);

/** Whether any volume, made or only reserved, is a clone of this recipe's images; on this node alone if it is named. */
export async function hasClones(db: Db, recipe: BaseRecipe, node?: NodeName): Promise<boolean> {
  for (const { pool, volume } of recipe.disks) {
    const clone = and(eq(volumes.pool, pool), eq(volumes.source, volume));
    const found = db
      .select({ node: volumes.node })
      .from(volumes)
      .where(node === undefined ? clone : and(clone, eq(volumes.node, node)))
      .get();
    if (found) return true;
  }
  return false;
}

/** Forgets how an image is made once no node has it and no VM is to be made of it. */
export async function dropUnusedRecipe(tx: Db, key: BaseKey): Promise<void> {
  const recipe = await findRecipe(tx, key);
  const known = tx.select({ node: baseImages.node }).from(baseImages).where(eq(baseImages.key, key)).get();
  if (!recipe || known || (await hasClones(tx, recipe))) return;
  await tx.delete(baseRecipes).where(eq(baseRecipes.key, key));
  await dropUnusedContents(tx);
}

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

const endWaiting = hot((db) =>
  db
    .delete(baseWaiters)
    .where(eq(baseWaiters.waiter, sql.placeholder('waiter')))
    .prepare(),
);

/** A workflow that has ended waits for nothing. */
export async function deleteWaiterEverywhere(tx: Db, waiter: string): Promise<void> {
  endWaiting(tx).run({ waiter });
}

/** Base images that this task was building are none: who wants one builds it. */
export async function dropBuildsOf(tx: Db, task: TaskId): Promise<void> {
  await tx.delete(baseImages).where(and(eq(baseImages.build, task), eq(baseImages.state, 'building')));
}

const buildWaiters = hot((db) =>
  db
    .select({ waiter: baseWaiters.waiter })
    .from(baseImages)
    .innerJoin(baseWaiters, and(eq(baseWaiters.key, baseImages.key), eq(baseWaiters.node, baseImages.node)))
    .where(and(eq(baseImages.build, sql.placeholder('build')), eq(baseImages.state, 'building')))
    .prepare(),
);

/** Workflow ids of the creations that wait for what this task builds. */
export const waitersOfBuild = async (db: Db, build: TaskId): Promise<readonly string[]> =>
  (await buildWaiters(db).all({ build })).map(({ waiter }) => waiter);
