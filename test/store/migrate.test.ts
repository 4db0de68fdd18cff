import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { is } from 'drizzle-orm';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate } from '../../store/migrate.ts';
import { rowsOf } from '../api/core/cluster.ts';

const STORE = join(import.meta.dirname, '../../store');
const SCHEMA = readdirSync(join(STORE, 'schema'));

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-migrate-'));
  file = join(dir, 'slipway.db');
});
afterEach(() => rmSync(dir, { recursive: true }));

function migrated(): BetterSqlite3.Database {
  const db = new BetterSqlite3(file);
  migrate(db);
  return db;
}

it('makes exactly the tables and columns that the schema says', async () => {
  const db = migrated();
  const modules = await Promise.all(SCHEMA.map((name) => import(join(STORE, 'schema', name))));
  const tables = modules.flatMap((module) => Object.values(module)).filter((one) => is(one, SQLiteTable));
  expect(tables.length).toBeGreaterThan(15);
  const wanted = Object.fromEntries(
    tables.map((table) => {
      const { name, columns } = getTableConfig(table);
      return [name, columns.map((column) => `${column.name} ${column.getSQLType()} ${column.notNull}`).sort()];
    }),
  );
  const names = db
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'migrations'",
    )
    .pluck()
    .all() as string[];
  const made = Object.fromEntries(
    names.map((name) => {
      const columns = db.pragma(`table_info(${name})`) as { name: string; type: string; notnull: number }[];
      return [name, columns.map((c) => `${c.name} ${c.type.toLowerCase()} ${c.notnull === 1}`).sort()];
    }),
  );
  db.close();
  expect(made).toEqual(wanted);
});

it('changes nothing when nothing is missing', () => {
  migrated().close();
  const rows = rowsOf(file);
  migrated().close();
  expect(rowsOf(file)).toBe(rows);
});

const all = readMigrationFiles({ migrationsFolder: join(STORE, 'migrations') });

/** An empty store as the first `version` migrations left it. */
function storeOf(version: number): BetterSqlite3.Database {
  const own = join(dir, `from-${version}`);
  mkdirSync(join(own, 'meta'), { recursive: true });
  const journal = JSON.parse(readFileSync(join(STORE, 'migrations/meta/_journal.json'), 'utf8'));
  journal.entries = journal.entries.slice(0, version);
  writeFileSync(join(own, 'meta/_journal.json'), JSON.stringify(journal));
  for (const { tag } of journal.entries) copyFileSync(join(STORE, `migrations/${tag}.sql`), join(own, `${tag}.sql`));
  const db = new BetterSqlite3(join(own, 'slipway.db'));
  migrate(db, own);
  expect(db.prepare('SELECT count(*) FROM migrations').pluck().get()).toBe(version);
  return db;
}

it('brings a store of any earlier version forward, with its rows', () => {
  for (let version = 1; version < all.length; version += 1) {
    const db = storeOf(version);
    db.exec("INSERT INTO storage_pools VALUES ('vms', 'sim', '{}')");
    migrate(db);
    expect(db.prepare('SELECT count(*) FROM migrations').pluck().get()).toBe(all.length);
    expect(db.prepare('SELECT name FROM storage_pools').pluck().all()).toEqual(['vms']);
    db.close();
  }
});

it('is no store for the version before', () => {
  const db = storeOf(all.length - 1);
  migrate(db);
  const tables = rowsOf(db.name);
  expect(() => migrate(db, join(dir, `from-${all.length - 1}`))).toThrow('by a newer version of Slipway: run that one');
  expect(rowsOf(db.name)).toBe(tables);
  db.close();
});

it('takes along which request a key was used for', () => {
  const db = storeOf(7);
  const rest = "'t', 'admin', 'hv1', 'SUCCESS', 1, 1, '', '{}', 0, 1, 0, 0";
  const columns =
    'target, tenant, account, run_on, state, current, total, status, input, cancel_requested, workflow_started, cancel_sent, created_at';
  const insert = (id: string, key: string) =>
    db.exec(
      `INSERT INTO tasks (id, kind, ${columns}, idempotency_key, request_hash) VALUES ('${id}', 'vm.stop', 'web1', ${rest}, ${key})`,
    );
  insert('one', "'k1', 'abc'");
  insert('two', 'NULL, NULL');
  migrate(db);
  expect(db.prepare('SELECT * FROM task_key').all()).toEqual([
    { account: 'admin', key: 'k1', task: 'one', request_hash: 'abc' },
  ]);
  expect(db.prepare('SELECT count(*) FROM tasks').pluck().get()).toBe(2);
  db.close();
});

it('keeps of the failures of pools the last of each hour and kind', () => {
  const db = storeOf(9);
  const insert = (pool: string, hour: number, reason: string, at: number) =>
    db.prepare('INSERT INTO pool_failures VALUES (?, ?, ?, ?)').run(pool, hour, reason, at);
  for (const at of [3, 1, 2]) insert('ci', 0, `No node can take VM 'x': hv1: ${at} MiB of memory free, 5 wanted.`, at);
  insert('ci', 0, "No profile 'gone'.", 1);
  insert('ci', 60, "No node can take VM 'x': no node is known.", 61);
  migrate(db);
  expect(db.prepare('SELECT hour, kind, reason, at FROM pool_failures ORDER BY hour, kind').raw().all()).toEqual([
    [0, 'invalid', "No profile 'gone'.", 1],
    [0, 'no-capacity', "No node can take VM 'x': hv1: 3 MiB of memory free, 5 wanted.", 3],
    [60, 'no-capacity', "No node can take VM 'x': no node is known.", 61],
  ]);
  db.close();
});

it('leaves a store untouched when a migration fails', () => {
  const own = join(dir, 'broken');
  mkdirSync(join(own, 'meta'), { recursive: true });
  const entries = ['0000_good', '0001_bad'].map((tag, idx) => ({
    idx,
    version: '6',
    when: idx + 1,
    tag,
    breakpoints: true,
  }));
  writeFileSync(join(own, 'meta/_journal.json'), JSON.stringify({ version: '7', dialect: 'sqlite', entries }));
  writeFileSync(join(own, '0000_good.sql'), 'CREATE TABLE a (b integer);');
  writeFileSync(join(own, '0001_bad.sql'), 'CREATE TABLE a (b integer);');
  const db = new BetterSqlite3(file);
  expect(() => migrate(db, own)).toThrow('already exists');
  expect(db.prepare('SELECT count(*) FROM sqlite_master').pluck().get()).toBe(0);
  db.close();
});
