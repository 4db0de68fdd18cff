import { fileURLToPath } from 'node:url';
import type BetterSqlite3 from 'better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';

const FOLDER = fileURLToPath(new URL('./migrations', import.meta.url));

/** Applies what is missing, forward only, in one transaction: several processes may open the store at once. */
export function migrate(connection: BetterSqlite3.Database, folder = FOLDER): void {
  const migrations = readMigrationFiles({ migrationsFolder: folder });
  connection
    .transaction(() => {
      connection.exec('CREATE TABLE IF NOT EXISTS migrations (applied integer PRIMARY KEY, hash text NOT NULL)');
      const last = connection.prepare('SELECT max(applied) FROM migrations').pluck().get();
      for (const migration of migrations) {
        if (typeof last === 'number' && migration.folderMillis <= last) continue;
        for (const statement of migration.sql) connection.exec(statement);
        connection.prepare('INSERT INTO migrations VALUES (?, ?)').run(migration.folderMillis, migration.hash);
      }
    })
    .immediate();
}
