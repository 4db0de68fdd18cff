import { eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core';
import type { Db } from './open.ts';

/** Prepares a statement once per connection: for what every guest, every step or every request asks. */
export function hot<Prepared>(prepare: (db: Db) => Prepared): (db: Db) => Prepared {
  const prepared = new WeakMap<Db, Prepared>();
  return (db) => {
    const known = prepared.get(db);
    if (known) return known;
    const made = prepare(db);
    prepared.set(db, made);
    return made;
  };
}

/** Whether a column holds one of the words of the JSON list that is given as `list`: as many as there are, in one statement. */
export const among = (column: SQLiteColumn, list: string): SQL =>
  sql`${column} in (select value from json_each(${sql.placeholder(list)}))`;

/** Inserts rows of a table, by one statement a connection. */
export function hotInsert<Table extends SQLiteTable>(table: Table) {
  const columns = columnsOf(table);
  const statement = hot((db) =>
    db
      .insert(table)
      .values(holes(Object.keys(columns)) as Table['$inferInsert'])
      .prepare(),
  );
  return (tx: Db, row: Table['$inferInsert']): void => {
    const values = row as Record<string, unknown>;
    const given = Object.entries(columns).map(([name, column]) => [
      name,
      encoded(column, values[name] ?? column.default),
    ]);
    statement(tx).run(Object.fromEntries(given));
  };
}

/** Changes some columns of the row with this key, by one statement a connection and choice of columns. */
export function hotUpdate<Table extends SQLiteTable>(table: Table, key: SQLiteColumn) {
  const columns = columnsOf(table);
  const prepare = (names: readonly string[]) =>
    hot((db) =>
      db
        .update(table)
        .set(holes(names) as Parameters<ReturnType<typeof db.update<Table>>['set']>[0])
        .where(eq(key, sql.placeholder('key')))
        .prepare(),
    );
  const statements = new Map<string, ReturnType<typeof prepare>>();
  return (tx: Db, id: string, change: Partial<Table['$inferSelect']>): void => {
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    const names = given.map(([name]) => name);
    const shape = names.join();
    const statement = statements.get(shape) ?? prepare(names);
    statements.set(shape, statement);
    const values = given.map(([name, value]) => [name, encoded(columns[name], value)]);
    statement(tx).run({ ...Object.fromEntries(values), key: id });
  };
}

const columnsOf = (table: SQLiteTable): Record<string, SQLiteColumn> => getTableColumns(table);

const holes = (names: readonly string[]): Record<string, SQL> =>
  Object.fromEntries(names.map((name) => [name, sql`${sql.placeholder(name)}`]));

/** As the database holds it: JSON as text, flags as numbers. */
function encoded(column: SQLiteColumn | undefined, value: unknown): unknown {
  return value === null || value === undefined || !column ? null : column.mapToDriverValue(value);
}
