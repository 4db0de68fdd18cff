import { eq, sql } from 'drizzle-orm';
import type { StoragePool } from '../domain/volume.ts';
import { hot } from './hot.ts';
import type { Db } from './open.ts';
import { storagePools } from './schema/volume.ts';

const byName = hot((db) =>
  db
    .select()
    .from(storagePools)
    .where(eq(storagePools.name, sql.placeholder('name')))
    .prepare(),
);

export const findStoragePool = async (db: Db, name: string): Promise<StoragePool | undefined> =>
  byName(db).get({ name });

export const listStoragePools = async (db: Db): Promise<readonly StoragePool[]> =>
  db.select().from(storagePools).orderBy(storagePools.name);

export async function insertStoragePool(tx: Db, pool: StoragePool): Promise<void> {
  await tx.insert(storagePools).values(pool);
}
