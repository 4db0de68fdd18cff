import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';

/** Everything there is, one entry a thing: rows of the store, files of nodes and of the simulators. */
export type Snapshot = Readonly<Record<string, string>>;

/** Tables that keep what was asked and done, not what exists. */
const RECORDS = ['tasks', 'task_log', 'base_recipes', 'sqlite_sequence', '__drizzle_migrations'];
/** Columns that say when somebody looked, not what there is. */
const MOMENTS = ['seen_at', 'used_at', 'memory_used', 'memory_free', 'memory_other', 'load'];

/** What exists in the store `file` and below these directories, now. */
export function snapshot(file: string, dirs: readonly string[]): Snapshot {
  return { ...rowsOf(file), ...Object.assign({}, ...dirs.map(filesOf)) };
}

/** What `after` has more, lacks or has changed, in words; empty if nothing. */
export function difference(before: Snapshot, after: Snapshot): readonly string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => {
    if (before[key] === after[key]) return [];
    if (!(key in before)) return [`left: ${key} ${after[key]}`];
    return key in after ? [`changed: ${key} ${before[key]} -> ${after[key]}`] : [`gone: ${key}`];
  });
}

function rowsOf(file: string): Snapshot {
  const db = new BetterSqlite3(file, { readonly: true });
  try {
    const tables = db.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).pluck().all() as string[];
    const rows = tables
      .filter((table) => !RECORDS.includes(table))
      .flatMap((table) =>
        (db.prepare(`SELECT rowid AS "#", * FROM "${table}"`).all() as Record<string, unknown>[]).map((row) => {
          for (const column of MOMENTS) delete row[column];
          const { '#': rowid, ...columns } = row;
          return [`row ${table} ${identity(columns) || rowid}`, JSON.stringify(columns)] as const;
        }),
      );
    return Object.fromEntries(rows);
  } finally {
    db.close();
  }
}

/** What a row is known by. A volatile rowid would make a row that came back look like another. */
const identity = (row: Record<string, unknown>): string =>
  ['id', 'key', 'vni', 'name', 'volume', 'vm', 'idx', 'node', 'pool', 'waiter', 'sha256', 'hash', 'template_id']
    .filter((column) => column in row)
    .map((column) => `${row[column]}`)
    .join(' ');

function filesOf(dir: string): Snapshot {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    files.map((path) => [`file ${path.slice(dir.length)}`, readFileSync(path, 'utf8').slice(0, 2_000)]),
  );
}
