import { mkdirSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { unavailable } from '../domain/fault.ts';
import { type Changes, watchChanges } from './changes.ts';
import { migrate } from './migrate.ts';

/** What queries are asked of: the reading connection, or a transaction. */
export type Db = BetterSQLite3Database;

export interface Store {
  /** Sees everything that was committed before the call, by any process. */
  readonly read: Db;
  /** Runs `work` in one immediate transaction; a rejection rolls it back. `work` awaits nothing but queries of `tx`. */
  write<T>(work: (tx: Db) => Promise<T>): Promise<T>;
  readonly changes: Changes;
  /** Another number once anything was committed, by any process: as long as it is the same, so is what is read. */
  version(): number;
  /** Resolves when what was begun is committed and the files are closed. */
  close(): Promise<void>;
}

/** How long another process's transaction may keep the store busy. */
const BUSY_MS = 10_000;

/** Opens the store, making and migrating it as needed. Several processes may use one file. */
export function openStore(file: string): Store {
  mkdirSync(dirname(file), { recursive: true });
  const writer = connect(file);
  migrate(writer);
  const reader = connect(file);
  const tx = drizzle(writer);
  const wal = `${file}-wal`;
  const dataVersion = reader.prepare<[], number>('PRAGMA data_version').pluck();
  const version = (): number => Number(dataVersion.get());
  const changes = watchChanges(wal, version);
  const begin = writer.prepare('BEGIN IMMEDIATE');
  const commit = writer.prepare('COMMIT');
  const rollback = writer.prepare('ROLLBACK');
  let last: Promise<unknown> = Promise.resolve();

  const transaction = async <T>(work: (tx: Db) => Promise<T>): Promise<T> => {
    busyIsUnavailable(() => begin.run());
    try {
      const result = await work(tx);
      commit.run();
      const now = new Date();
      // The log was written before its commit could be seen: whoever watches it is woken again, now that it can.
      utimesSync(wal, now, now);
      return result;
    } catch (error) {
      if (writer.inTransaction) rollback.run();
      throw error;
    }
  };

  return {
    read: drizzle(reader),
    write: (work) => {
      // One connection, one transaction at a time.
      const result = last.then(() => transaction(work));
      last = result.catch(() => undefined);
      return result;
    },
    changes,
    version,
    close: async () => {
      await last;
      changes.close();
      reader.close();
      writer.close();
    },
  };
}

function connect(file: string): BetterSqlite3.Database {
  const connection = new BetterSqlite3(file, { timeout: BUSY_MS });
  useWriteAheadLog(connection);
  connection.pragma('synchronous = FULL');
  connection.pragma('foreign_keys = ON');
  connection.pragma('user_version');
  return connection;
}

/** Pause between attempts to switch a new file to WAL: SQLite gives up at once where another process is switching it. */
const SWITCH_PAUSE_MS = 5;

function useWriteAheadLog(connection: BetterSqlite3.Database): void {
  const deadline = Date.now() + BUSY_MS;
  for (;;) {
    try {
      if (connection.pragma('journal_mode = WAL', { simple: true }) === 'wal') return;
      throw unavailable('the store cannot use a write-ahead log: is its file system shared over a network?');
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SWITCH_PAUSE_MS);
    }
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof BetterSqlite3.SqliteError && error.code.startsWith('SQLITE_BUSY');

function busyIsUnavailable<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isBusy(error) ? unavailable('The store is busy: try again.', error) : error;
  }
}
