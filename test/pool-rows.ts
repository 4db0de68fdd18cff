import type { TaskId, VmId } from '../domain/ids.ts';
import { type EntryState, POOL_DEFAULTS, type VmPoolWish } from '../domain/vm-pool.ts';
import type { Db } from '../store/open.ts';
import { addDuration } from '../store/pool-day.ts';
import { type EntryChange, insertEntry, nextNumber, updateEntry } from '../store/pool-entry.ts';
import { insertPool, savePoolSettings } from '../store/vm-pool.ts';

/** A pool as most are, changed. */
export const poolWish = (change: Partial<VmPoolWish> & Pick<VmPoolWish, 'name'>): VmPoolWish => ({
  template: `templates/${change.name}`,
  profile: 'empty',
  args: [],
  size: 5,
  aliases: [],
  cloneTarget: null,
  timeoutMin: null,
  readyTtlMin: null,
  maxClones: null,
  lifetimeHours: null,
  maxLifetimeHours: null,
  probePort: null,
  ...change,
});

export async function seedPool(tx: Db, change: Partial<VmPoolWish> & Pick<VmPoolWish, 'name'>): Promise<void> {
  await insertPool(tx, poolWish(change));
}

/** Entries without VMs or tasks, as statistics see them. */
export async function seedEntries(
  tx: Db,
  pool: string,
  state: EntryState,
  count: number,
  change: EntryChange & { readonly startedAt?: number } = {},
): Promise<void> {
  const { startedAt = Date.now(), ...rest } = change;
  for (let index = 0; index < count; index += 1) {
    const number = await nextNumber(tx);
    const vm = `00000000-0000-4000-9000-${String(number).padStart(12, '0')}` as VmId;
    const task = `00000000-0000-4000-a000-${String(number).padStart(12, '0')}` as TaskId;
    await insertEntry(tx, { number, vm, name: `vm${number}`, pool, task, request: null, startedAt });
    if (state === 'destroyed') await updateEntry(tx, vm, { state: 'completed' });
    await updateEntry(tx, vm, { state, ...rest });
  }
}

/** Clones, or boots, that took so many seconds each, ended at `at` (epoch ms). */
export async function seedDurations(
  tx: Db,
  pool: string,
  kind: 'clone' | 'boot',
  seconds: readonly number[],
  at = Date.now(),
): Promise<void> {
  for (const took of seconds) await addDuration(tx, { at, kind, pool, seconds: took });
}

export const nameSite = (tx: Db, siteName: string): Promise<void> =>
  savePoolSettings(tx, { ...POOL_DEFAULTS, siteName });
