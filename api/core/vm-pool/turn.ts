import type { PoolProbe } from '../../../domain/pool-keeper.ts';
import {
  backOffMs,
  isPausing,
  isTroubled,
  NO_TROUBLE,
  type PoolSettings,
  type VmPool,
} from '../../../domain/vm-pool.ts';
import type { Db } from '../../../store/open.ts';
import { nextRequestExpiry } from '../../../store/pool-request.ts';
import { readyOf } from '../../../store/pool-turn.ts';
import type { TaskRow } from '../../../store/task.ts';
import { clearTrouble, listPools, updatePool } from '../../../store/vm-pool.ts';
import type { Silence } from './silence.ts';

/** One turn of a pool's keeper, in one transaction: what it goes by, and what it leaves to be done after the commit. */
export interface Turn {
  readonly tx: Db;
  readonly name: string;
  /** Undefined when the pool was removed: what is left of it is cleared away. */
  readonly pool: VmPool | undefined;
  readonly settings: PoolSettings;
  /** Epoch ms. */
  readonly now: number;
  readonly silence: Silence;
  /** Moments at which something will be due. */
  readonly due: number[];
  readonly probes: PoolProbe[];
  /** Pools that have work now. */
  readonly wake: Set<string>;
  /** Accepted tasks the engine is to be told of, and those it is to end. */
  readonly begun: TaskRow[];
  readonly cancelled: TaskRow[];
  /** What came of VMs since the last turn, and of this turn's own attempts. */
  readonly luck: { successes: number; readonly failures: Failure[] };
}

export interface Failure {
  readonly why: string;
  /** Whether trying again would fail again. */
  readonly permanent: boolean;
  /** Whether it only takes room, or a node, that may be there later: such a pool is never given up. */
  readonly scarce?: boolean;
  /** On-demand request that the VM was for. */
  readonly request: string | null;
}

/** Longest pause, in ms, of a pool that only waits for room: VMs that are given back make some at any moment. */
const SCARCE_MS = 10_000;

/** Kinds of faults that a pool is not tried again after, until somebody changes it. */
export const PERMANENT: readonly string[] = ['invalid', 'not-found', 'forbidden'];

/** Whether no VM of the pool is to be begun in this turn. */
export const isBlocked = ({ pool, now, luck }: Turn): boolean =>
  !pool || (luck.successes === 0 && (luck.failures.length > 0 || isPausing(pool, now)));

/** All pools. What came of this turn's own is recorded at its end: one of which VMs came up, and none failed, is in no trouble. */
export async function poolsNow({ tx, name, luck }: Turn): Promise<readonly VmPool[]> {
  const isWell = luck.successes > 0 && luck.failures.length === 0;
  return (await listPools(tx)).map((pool) => (isWell && pool.name === name ? { ...pool, ...NO_TROUBLE } : pool));
}

/**
 * The pool's trouble after this turn: a success ends it, and so does the end of its pause if nobody wants another VM of it any more;
 * failures make its pauses longer, until it is given up.
 */
export async function recordLuck({ tx, pool, settings, now, luck, due }: Turn): Promise<void> {
  if (!pool) return;
  if (luck.successes > 0) await updatePool(tx, pool.name, { lastReadyAt: now });
  const last = luck.failures.at(-1);
  if (last) {
    // Clones that failed together, or while the pool pauses, are one failure.
    const pauses = isPausing(pool, now);
    const failures = luck.successes > 0 ? 1 : pool.failures + (pauses ? 0 : 1);
    const tooMany = failures >= settings.maxFailures && !last.scarce;
    const wasHalted = pool.halted && luck.successes === 0;
    const halted = wasHalted || luck.failures.some(({ permanent }) => permanent) || tooMany;
    const pause = last.scarce ? Math.min(backOffMs(failures), SCARCE_MS) : backOffMs(failures);
    const retryAt = halted ? null : now + pause;
    await updatePool(tx, pool.name, { failures, lastError: last.why, failedAt: now, halted, retryAt });
    if (retryAt !== null) due.push(retryAt);
  } else if (luck.successes > 0 && pool.failures > 0) await clearTrouble(tx, [pool.name]);
  else if (pool.retryAt !== null && pool.retryAt > now) due.push(pool.retryAt);
  else if (isTroubled(pool) && !pool.halted && !(await isWanting(tx, pool))) await clearTrouble(tx, [pool.name]);
}

/** Whether VMs of the pool are not ready yet that are to be, or that a request asks for. */
const isWanting = async (tx: Db, { name, size }: VmPool): Promise<boolean> =>
  (await readyOf(tx, name)).count < size || (await nextRequestExpiry(tx, name)) !== null;
