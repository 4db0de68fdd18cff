import { mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Db } from '../../store/open.ts';
import { groupingWriter, type Writer } from '../../store/writer.ts';

let dir: string;
let connection: BetterSqlite3.Database;
let writer: Writer;
/** What was asked of the connection, in order: commits, and how they are synced. */
let asked: string[];
/** What the next commit fails with. */
let failure: Error | null;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-writer-'));
  const file = join(dir, 'store.db');
  connection = new BetterSqlite3(file);
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  connection.exec('CREATE TABLE t (n integer UNIQUE)');
  asked = [];
  failure = null;
  const { prepare, pragma } = connection;
  connection.prepare = ((text: string) => {
    const statement = prepare.call(connection, text);
    if (text !== 'COMMIT') return statement;
    const run = (): unknown => {
      if (failure) throw failure;
      asked.push(`commit ${pragma.call(connection, 'synchronous', { simple: true })}`);
      return statement.run([]);
    };
    return { run };
  }) as typeof prepare;
  writer = groupingWriter(connection, `${file}-wal`);
});
afterEach(() => {
  connection.close();
  rmSync(dir, { recursive: true });
});

const add = (n: number) => async (tx: Db) => {
  tx.run(sql`INSERT INTO t VALUES (${n})`);
  return n;
};
const all = (): unknown[] => connection.prepare('SELECT n FROM t ORDER BY n').pluck().all();

it('commits together what is asked for at once', async () => {
  expect(await Promise.all([1, 2, 3].map((n) => writer.write(add(n))))).toEqual([1, 2, 3]);
  expect(asked).toEqual(['commit 2']);
  expect(all()).toEqual([1, 2, 3]);
});

it('tells those who watch the log of what was changed, and of nothing else', async () => {
  const log = `${connection.name}-wal`;
  await writer.write(add(1));
  const long = new Date(0);
  utimesSync(log, long, long);
  await writer.write(async (tx) => tx.all(sql`SELECT n FROM t`));
  await writer.write(async (tx) => tx.run(sql`DELETE FROM t WHERE n = 2`));
  expect(statSync(log).mtimeMs).toBe(0);
  await writer.write(async (tx) => tx.run(sql`UPDATE t SET n = 3`));
  expect(Date.now() - statSync(log).mtimeMs).toBeLessThan(10_000);
});

it('takes back what failed alone, all of it', async () => {
  const failing = async (tx: Db) => {
    await add(4)(tx);
    await add(1)(tx);
  };
  const results = await Promise.allSettled([writer.write(add(1)), writer.write(failing), writer.write(add(2))]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(all()).toEqual([1, 2]);
});

it('waits for the disk where anything is to be kept, and only there', async () => {
  await writer.write(add(1), 'told');
  await Promise.all([writer.write(add(2), 'told'), writer.write(add(3))]);
  await writer.write(add(4), 'told');
  await writer.write(add(5), 'kept');
  // SQLite's numbers: 1 is NORMAL, 2 is FULL.
  expect(asked).toEqual(['commit 1', 'commit 2', 'commit 1', 'commit 2']);
});

it('says so of all that a transaction held when it is gone', async () => {
  const losing = async (tx: Db) => {
    await add(2)(tx);
    // What SQLite does by itself when the disk is full.
    connection.exec('ROLLBACK');
  };
  const results = await Promise.allSettled([writer.write(add(1)), writer.write(losing), writer.write(add(3))]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(all()).toEqual([3]);
});

it('waits for another process that writes, and keeps this one from nothing else', async () => {
  const other = new BetterSqlite3(join(dir, 'store.db'));
  other.exec('BEGIN IMMEDIATE');
  const written = writer.write(add(1));
  // Ten turns of the event loop, each of which a wait in SQLite itself would have taken.
  const began = performance.now();
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(performance.now() - began).toBeLessThan(5_000);
  other.exec('COMMIT');
  other.close();
  expect(await written).toBe(1);
});

it('says that the disk is full', async () => {
  const pages = Number(connection.pragma('page_count', { simple: true }));
  connection.pragma(`max_page_count = ${pages}`);
  const large = writer.write(async (tx) => tx.run(sql`INSERT INTO t VALUES (zeroblob(100000))`));
  await expect(large).rejects.toMatchObject({
    fault: { kind: 'unavailable', why: 'The disk that the store is on is full: make room.' },
  });
  expect(await writer.write(add(1))).toBe(1);
});

it('says so of all that it could not commit', async () => {
  failure = new BetterSqlite3.SqliteError('database or disk is full', 'SQLITE_FULL');
  const results = await Promise.allSettled([writer.write(add(1)), writer.write(add(2))]);
  const refused = { status: 'rejected', reason: { fault: { kind: 'unavailable' } } };
  expect(results).toMatchObject([refused, refused]);
  failure = null;
  expect(await writer.write(add(3))).toBe(3);
  expect(all()).toEqual([3]);
});
