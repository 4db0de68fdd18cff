import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { type Db, openStore, type Store } from '../../store/open.ts';

/** A directory for one test's store files; `close` ends the stores that were opened in it and leaves nothing. */
export function scratch() {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-store-'));
  const file = join(dir, 'slipway.db');
  const opened: Store[] = [];
  return {
    file,
    open: (): Store => {
      const store = openStore(file);
      opened.push(store);
      return store;
    },
    close: async (): Promise<void> => {
      for (const store of opened) await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** SQLite's own connection under a store's. */
export const connectionOf = (db: Db): BetterSqlite3.Database =>
  (db as Db & { readonly $client: BetterSqlite3.Database }).$client;
