import { randomUUID } from 'node:crypto';
import { DomainError } from '../../../domain/fault.ts';
import type { TaskId, VmId } from '../../../domain/ids.ts';
import { poolVmName } from '../../../domain/pool-name.ts';
import { SYSTEM } from '../../../domain/principal.ts';
import { isPausing, type VmPool } from '../../../domain/vm-pool.ts';
import type { Db } from '../../../store/open.ts';
import {
  countEntries,
  countPending,
  type EntryRow,
  insertEntry,
  nextNumber,
  total,
} from '../../../store/pool-entry.ts';
import { insertFailure } from '../../../store/pool-failure.ts';
import { listReady } from '../../../store/pool-turn.ts';
import { findVmByName } from '../../../store/vm.ts';
import { accept } from '../create/accept.ts';
import { planCreation } from '../create/plan.ts';
import type { CoreParts } from '../parts.ts';
import { type Claim, deal } from './deal.ts';
import { retire, type WaitingEntries } from './settle.ts';
import { PERMANENT, poolsNow, type Turn } from './turn.ts';

export type Maker = Pick<CoreParts, 'renderer' | 'settings'>;

/** Gives up what is more than the pool's size: what is not ready yet first, then what has been ready longest. */
export async function shrink(turn: Turn, { pending, ready }: WaitingEntries): Promise<void> {
  const own = ownOf(pending);
  const surplus = own.length + ready - (turn.pool?.size ?? 0);
  if (surplus <= 0) return;
  const first = own.toReversed().slice(0, surplus);
  const rest = await listReady(turn.tx, turn.name, surplus - first.length);
  for (const entry of [...first, ...rest]) await retire(turn, entry, 'The pool was made smaller.');
}

/** Those on their way that are not made for a request. */
const ownOf = (pending: readonly EntryRow[]): readonly EntryRow[] => pending.filter(({ request }) => request === null);

/** Begins as many clones as are missing and allowed. */
export async function refill(turn: Turn, maker: Maker, { pending, ready }: WaitingEntries): Promise<void> {
  const { pool } = turn;
  if (!pool) return;
  const missing = pool.size - ownOf(pending).length - ready;
  if (missing <= 0) return;
  const shares = await shareSlots(turn);
  await begin(turn, maker, Math.min(missing, shares.get(pool.name) ?? 0), null);
}

/** Other pools that may begin clones, since places are free that this one does not take, or needs no more, have work now. */
export async function passPlacesOn(turn: Turn): Promise<void> {
  for (const [name] of await shareSlots(turn)) if (name !== turn.name) turn.wake.add(name);
}

/**
 * Divides the free places for clones: one after the other to the pool that has the fewest, so that a large pool does not keep
 * the others waiting. Only pools that get any are in the answer.
 */
async function shareSlots(turn: Turn): Promise<ReadonlyMap<string, number>> {
  const { tx, settings, now } = turn;
  const pending = await countPending(tx);
  const cloning = pending.filter((row) => row.cloning);
  // What is made for requests is nobody's supply, and has places of its own.
  const own = pending.filter(({ ondemand }) => !ondemand);
  const standing = [...own, ...(await countEntries(tx)).filter(({ state }) => state === 'ready')];
  const open = (await poolsNow(turn)).map((pool) => {
    const { name, size, maxClones } = pool;
    const ofPool = (rows: readonly Counted[]): number => total(rows.filter((row) => row.pool === name));
    const places = (maxClones ?? Number.POSITIVE_INFINITY) - ofPool(cloning);
    const going = ofPool(own.filter((row) => row.cloning));
    return { name, going, room: isPausing(pool, now) ? 0 : Math.min(size - ofPool(standing), places) };
  });
  const free = settings.taskLimit - total(own.filter((row) => row.cloning));
  const shares = new Map<string, number>();
  const fewest = (a: Claim, b: Claim): number => a.going - b.going;
  deal(free, open, fewest, ({ name }) => shares.set(name, (shares.get(name) ?? 0) + 1));
  return shares;
}

type Counted = { readonly pool: string; readonly count: number };

/** Begins so many VMs; returns how many it could. One that cannot be begun is the pool's failure, and the last one tried. */
export async function begin(turn: Turn, maker: Maker, count: number, request: string | null): Promise<number> {
  const { tx, pool, now, luck } = turn;
  if (!pool) return 0;
  for (let index = 0; index < count; index += 1) {
    try {
      await beginOne(turn, maker, pool, request);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const { kind } = error.fault;
      await insertFailure(tx, { pool: pool.name, at: now, kind, reason: error.message });
      luck.failures.push({
        why: error.message,
        permanent: PERMANENT.includes(kind),
        request,
        scarce: kind === 'no-capacity',
      });
      return index;
    }
  }
  return count;
}

/** The next number whose name nobody else has taken meanwhile. */
async function freeName(tx: Db, prefix: string): Promise<{ readonly number: number; readonly name: string }> {
  for (let number = await nextNumber(tx); ; number += 1) {
    const name = poolVmName(prefix, number);
    if (!(await findVmByName(tx, name))) return { number, name };
  }
}

async function beginOne({ tx, settings, now, begun }: Turn, maker: Maker, pool: VmPool, request: string | null) {
  const { number, name } = await freeName(tx, settings.prefix);
  const ids = { task: randomUUID() as TaskId, vm: randomUUID() as VmId };
  const asked = { name, profile: pool.profile, args: pool.args, define: true, start: true };
  const plan = await planCreation(tx, { who: SYSTEM, asked, ids, settings: maker.settings });
  maker.renderer.seed(plan.guest);
  begun.push(await accept(tx, plan, SYSTEM));
  await insertEntry(tx, { number, ...ids, name, pool: pool.name, request, startedAt: now });
}
