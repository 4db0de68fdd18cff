import { createHash } from 'node:crypto';
import { conflict, invalid } from '../../domain/fault.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Db } from '../../store/open.ts';
import type { TaskRow } from '../../store/task.ts';
import { insertTaskKey, listTasksByKey } from '../../store/task-key.ts';
import { sees } from './authorize.ts';

/** What a request led to. */
export interface Outcome {
  readonly task: TaskRow;
  /** Whether the task is the request's own, and not one that was there and does the same. */
  readonly fresh: boolean;
}

const KEY_MAX = 255;

/**
 * Begins what is asked, or finds the task that the same key and request led to, whatever has become of it and of what it was about;
 * 'conflict' if the key led another request to its task. To be called in the transaction that accepts the task.
 */
export async function once<T extends Outcome | null>(
  tx: Db,
  who: Principal,
  key: string | null,
  asked: readonly unknown[],
  begin: () => Promise<T>,
): Promise<T | { readonly task: TaskRow; readonly fresh: false }> {
  if (key === null) return begin();
  if (key.length > KEY_MAX) throw invalid('Idempotency-Key', `has more than ${KEY_MAX} characters.`);
  const requestHash = hashOf(asked);
  // Of the asker's own tenant, or of another whose VM an administrator acted on.
  const known = (await listTasksByKey(tx, who.account, key)).filter(({ task }) => sees(who, task));
  const same = known.find((one) => one.requestHash === requestHash);
  if (same) return { task: same.task, fresh: false };
  if (known[0]) throw conflict(`The Idempotency-Key was used for another request, which is task ${known[0].task.id}.`);
  const outcome = await begin();
  // A task that was joined, too: asked again when that has ended, the request must not begin anew.
  if (outcome) await insertTaskKey(tx, { account: who.account, key, task: outcome.task.id, requestHash });
  return outcome;
}

/** Requests may hold secrets, so they are not kept themselves. */
const hashOf = (asked: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(asked)).digest('hex');
