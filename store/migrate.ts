import { fileURLToPath } from 'node:url';
import type BetterSqlite3 from 'better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { conflict } from '../domain/fault.ts';

const FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));

/**
 * Applies what is missing, forward only, in one transaction: several processes may open the store at once. 'conflict' for a store
 * that a newer version has migrated: what this one would write there may not fit.
 */
export function migrate(connection: BetterSqlite3.Database, folder = FOLDER): void {
  const migrations = readMigrationFiles({ migrationsFolder: folder });
  connection
    .transaction(() => {
      connection.exec('CREATE TABLE IF NOT EXISTS migrations (applied integer PRIMARY KEY, hash text NOT NULL)');
      const last = connection.prepare('SELECT max(applied) FROM migrations').pluck().get();
      if (typeof last === 'number' && last > (migrations.at(-1)?.folderMillis ?? 0))
        throw conflict(`The store ${connection.name} was migrated by a newer version of Slipway: run that one.`);
      for (const migration of migrations) {
        if (typeof last === 'number' && migration.folderMillis <= last) continue;
        for (const statement of migration.sql) connection.exec(statement);
        connection.prepare('INSERT INTO migrations VALUES (?, ?)').run(migration.folderMillis, migration.hash);
      }
    })
    .immediate();
}
