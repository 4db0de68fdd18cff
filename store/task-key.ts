import { and, eq } from 'drizzle-orm';
import { hotInsert } from './hot.ts';
import type { Db } from './open.ts';
import { taskKeys, tasks } from './schema/task.ts';
import type { TaskRow } from './task.ts';

/** Tasks that this account's requests with the key led to, each with the hash of its request. */
export const listTasksByKey = async (
  db: Db,
  account: string,
  key: string,
): Promise<readonly { readonly task: TaskRow; readonly requestHash: string }[]> =>
  db
    .select({ task: tasks, requestHash: taskKeys.requestHash })
    .from(taskKeys)
    .innerJoin(tasks, eq(tasks.id, taskKeys.task))
    .where(and(eq(taskKeys.account, account), eq(taskKeys.key, key)));

const insert = hotInsert(taskKeys);

export async function insertTaskKey(tx: Db, row: typeof taskKeys.$inferInsert): Promise<void> {
  insert(tx, row);
}
