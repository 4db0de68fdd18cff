import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { unavailable } from '../domain/fault.ts';
import { type Changes, watchChanges } from './changes.ts';
import { migrate } from './migrate.ts';
import { BUSY_MS, codeOf, type Durability, groupingWriter, isBusy, toFault } from './writer.ts';

/** What queries are asked of: the reading connection, or a transaction. */
export type Db = BetterSQLite3Database;

export interface Store {
  /** Sees everything that was committed before the call, by any process. */
  readonly read: Db;
  /**
   * Runs `work` as a transaction of its own; a rejection rolls it back. `work` awaits nothing but queries of `tx`. Resolves when
   * it is committed, 'kept' unless told: what was answered survives a power cut.
   */
  write<T>(work: (tx: Db) => Promise<T>, durability?: Durability): Promise<T>;
  readonly changes: Changes;
  /** Another number once anything was committed, by any process: as long as it is the same, so is what is read. */
  version(): number;
  /** Resolves when what was begun is committed and the files are closed. */
  close(): Promise<void>;
}

/** Opens the store, making and migrating it as needed; 'unavailable' where the disk is full or another process has it. Several processes may use one file. */
export function openStore(file: string): Store {
  mkdirSync(dirname(file), { recursive: true });
  const [writer, reader] = connections(file);
  const wal = `${file}-wal`;
  const dataVersion = reader.prepare<[], number>('PRAGMA data_version').pluck();
  const version = (): number => Number(dataVersion.get());
  const changes = watchChanges(wal, version);
  const { write, drained } = groupingWriter(writer, wal);
  return {
    read: drizzle(reader),
    write,
    changes,
    version,
    close: async () => {
      await drained();
      changes.close();
      reader.close();
      writer.close();
    },
  };
}

/** Whether another process has the store open, and for so many ms more: no such store changes how it is written. */
export function isStoreInUse(file: string, waitMs: number): boolean {
  const connection = new BetterSqlite3(file, { timeout: waitMs });
  try {
    connection.pragma('journal_mode = DELETE');
    return false;
  } catch (error) {
    // What is broken is nobody's.
    return isBusy(error);
  } finally {
    connection.close();
  }
}

function connections(file: string): readonly [BetterSqlite3.Database, BetterSqlite3.Database] {
  try {
    const writer = connect(file);
    migrate(writer);
    return [writer, connect(file)];
  } catch (error) {
    throw damageOf(file, error) ?? toFault(error);
  }
}

/** What is no store is not to be written to, nor taken away: nobody knows what belongs to it. */
function damageOf(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || !['SQLITE_NOTADB', 'SQLITE_CORRUPT'].includes(codeOf(error))) return null;
  return unavailable(
    `The store ${file} is damaged (${error.message}): put a backup in its place, or move it away.`,
    error,
  );
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
