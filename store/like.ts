import { like, type SQL } from 'drizzle-orm';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';

/** The pattern of a fuzzy name filter: anything around it, unless it begins with '^' or ends with '$'. */
export function nameLike(column: SQLiteColumn, limit: string | undefined): SQL | undefined {
  if (limit === undefined || limit === '') return undefined;
  const head = limit.startsWith('^') ? limit.slice(1) : `%${limit}`;
  return like(column, head.endsWith('$') ? head.slice(0, -1) : `${head}%`);
}
