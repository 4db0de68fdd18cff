import { asc, eq, inArray, or, sql } from 'drizzle-orm';
import {
  NO_TROUBLE,
  POOL_DEFAULTS,
  type PoolSettings,
  type PoolTrouble,
  type VmPool,
  type VmPoolWish,
} from '../domain/vm-pool.ts';
import { hot } from './hot.ts';
import type { Db } from './open.ts';
import { vmPoolAliases, vmPoolSettings, vmPools } from './schema/vm-pool.ts';

type PoolRow = typeof vmPools.$inferSelect;

const toPool = (row: PoolRow, aliases: readonly string[]): VmPool => {
  const { baseSize, baseTemplate, baseCloneTarget, ...rest } = row;
  return { ...rest, aliases, base: { size: baseSize, template: baseTemplate, cloneTarget: baseCloneTarget } };
};

const all = hot((db) => db.select().from(vmPools).orderBy(asc(vmPools.name)).prepare());
const allAliases = hot((db) => db.select().from(vmPoolAliases).orderBy(asc(vmPoolAliases.position)).prepare());

export async function listPools(db: Db): Promise<readonly VmPool[]> {
  const aliases = Map.groupBy(await allAliases(db).all(), ({ pool }) => pool);
  const rows = await all(db).all();
  return rows.map((row) =>
    toPool(
      row,
      (aliases.get(row.name) ?? []).map(({ alias }) => alias),
    ),
  );
}

const byName = hot((db) =>
  db
    .select()
    .from(vmPools)
    .where(eq(vmPools.name, sql.placeholder('name')))
    .prepare(),
);

const aliasesOf = hot((db) =>
  db
    .select({ alias: vmPoolAliases.alias })
    .from(vmPoolAliases)
    .where(eq(vmPoolAliases.pool, sql.placeholder('name')))
    .orderBy(asc(vmPoolAliases.position))
    .prepare(),
);

export async function findPool(db: Db, name: string): Promise<VmPool | undefined> {
  const row = await byName(db).get({ name });
  if (!row) return undefined;
  return toPool(
    row,
    (await aliasesOf(db).all({ name })).map(({ alias }) => alias),
  );
}

const named = hot((db) =>
  db
    .selectDistinct({ name: vmPools.name, cloneTarget: vmPools.cloneTarget })
    .from(vmPools)
    .leftJoin(vmPoolAliases, eq(vmPoolAliases.pool, vmPools.name))
    .where(or(eq(vmPools.name, sql.placeholder('name')), eq(vmPoolAliases.alias, sql.placeholder('name'))))
    .orderBy(asc(vmPools.name))
    .prepare(),
);

/** The pool of this name, and those that have it as an alias. */
export const poolsNamed = async (
  db: Db,
  name: string,
): Promise<readonly { readonly name: string; readonly cloneTarget: string | null }[]> => named(db).all({ name });

const lifetime = hot((db) =>
  db
    .select({ lifetimeHours: vmPools.lifetimeHours })
    .from(vmPools)
    .where(eq(vmPools.name, sql.placeholder('name')))
    .prepare(),
);

/** Of a pool, what each checkout asks for. */
export const poolLifetime = async (db: Db, name: string): Promise<Pick<VmPool, 'lifetimeHours'> | undefined> =>
  lifetime(db).get({ name });

export async function insertPool(tx: Db, wish: VmPoolWish): Promise<void> {
  const { aliases, ...row } = wish;
  const base = { baseSize: row.size, baseTemplate: row.template, baseCloneTarget: row.cloneTarget };
  await tx.insert(vmPools).values({ ...row, ...base, createdAt: Date.now() });
  await setAliases(tx, wish.name, aliases);
}

export type PoolChange = Partial<Omit<VmPoolWish, 'name' | 'aliases'> & PoolTrouble & Pick<VmPool, 'lastReadyAt'>> & {
  readonly base?: Partial<VmPool['base']>;
};

export async function updatePool(tx: Db, name: string, { base, ...change }: PoolChange): Promise<void> {
  const overridden = {
    ...(base?.size === undefined ? {} : { baseSize: base.size }),
    ...(base?.template === undefined ? {} : { baseTemplate: base.template }),
    ...(base?.cloneTarget === undefined ? {} : { baseCloneTarget: base.cloneTarget }),
  };
  const values = { ...change, ...overridden };
  if (Object.keys(values).length > 0) await tx.update(vmPools).set(values).where(eq(vmPools.name, name));
}

export async function setAliases(tx: Db, pool: string, aliases: readonly string[]): Promise<void> {
  await tx.delete(vmPoolAliases).where(eq(vmPoolAliases.pool, pool));
  const rows = [...new Set(aliases)].map((alias, position) => ({ alias, pool, position }));
  if (rows.length > 0) await tx.insert(vmPoolAliases).values(rows);
}

/** Entries stay, as records. */
export async function deletePool(tx: Db, name: string): Promise<void> {
  await tx.delete(vmPools).where(eq(vmPools.name, name));
}

const settings = hot((db) => db.select().from(vmPoolSettings).prepare());

/** The defaults where nothing was set. */
export const poolSettings = async (db: Db): Promise<PoolSettings> => ({
  ...POOL_DEFAULTS,
  ...(await settings(db).get())?.settings,
});

export async function savePoolSettings(tx: Db, value: PoolSettings): Promise<void> {
  const row = { id: 1, settings: value };
  await tx.insert(vmPoolSettings).values(row).onConflictDoUpdate({ target: vmPoolSettings.id, set: row });
}

/** Pools of these names. */
export const clearTrouble = async (tx: Db, names: readonly string[]): Promise<void> => {
  await tx
    .update(vmPools)
    .set(NO_TROUBLE)
    .where(inArray(vmPools.name, [...names]));
};
