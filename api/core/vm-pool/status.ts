import {
  capacityOf,
  conditionOf,
  type Durations,
  durationsOf,
  type EntryCounts,
  NONE,
  type PoolCondition,
  queueOf,
} from '../../../domain/pool-stats.ts';
import type { PoolTrouble, VmPool } from '../../../domain/vm-pool.ts';
import type { Db } from '../../../store/open.ts';
import { type DayRow, dayOf, sumDay } from '../../../store/pool-day.ts';
import { countEntries, countPending, total } from '../../../store/pool-entry.ts';
import { listPools, poolSettings } from '../../../store/vm-pool.ts';

/** Clones or boots of a day. */
export interface Today {
  readonly duration: Durations;
  readonly count: { readonly total: number };
}

/** A pool as it is at the moment, and why it is not full. */
export interface PoolFigures
  extends Pick<VmPool, 'name' | 'template' | 'profile' | 'size' | 'aliases' | 'lastReadyAt'>,
    EntryCounts,
    PoolTrouble {
  readonly condition: PoolCondition;
}

export interface PoolStatus {
  readonly siteName: string;
  readonly capacity: ReturnType<typeof capacityOf>;
  readonly queue: ReturnType<typeof queueOf>;
  readonly clone: Today;
  readonly boot: Today;
  /** By name. */
  readonly pools: readonly PoolFigures[];
  /** Pools that should have ready VMs and have none. */
  readonly empty: readonly string[];
}

const NOTHING: EntryCounts = { pending: 0, ready: 0, running: 0, completed: 0 };

/** The state of all VM pools (vmpooler-facts.md §2.8). VMs that outlive their pool are in the queue, not among the pools. */
export async function readStatus(db: Db): Promise<PoolStatus> {
  const counts = new Map<string, EntryCounts>();
  for (const { pool, state, count } of await countEntries(db))
    counts.set(pool, { ...(counts.get(pool) ?? NOTHING), [state]: count });
  const pools = (await listPools(db)).map((pool) => figuresOf(pool, counts.get(pool.name) ?? NOTHING));
  const cloning = total((await countPending(db)).filter((row) => row.cloning));
  const today = await sumDay(db, dayOf(Date.now()));
  const sum = (key: 'ready' | 'size'): number => pools.reduce((total, pool) => total + pool[key], 0);
  return {
    siteName: (await poolSettings(db)).siteName,
    capacity: capacityOf(sum('ready'), sum('size')),
    queue: queueOf([...counts.values()].reduce(plus, NOTHING), cloning),
    clone: todayOf(today, 'clone'),
    boot: todayOf(today, 'boot'),
    pools,
    empty: pools.filter(({ size, ready }) => size > 0 && ready === 0).map(({ name }) => name),
  };
}

const plus = (a: EntryCounts, b: EntryCounts): EntryCounts => ({
  pending: a.pending + b.pending,
  ready: a.ready + b.ready,
  running: a.running + b.running,
  completed: a.completed + b.completed,
});

function figuresOf(pool: VmPool, counts: EntryCounts): PoolFigures {
  const { name, template, profile, size, aliases, lastReadyAt } = pool;
  const { failures, lastError, failedAt, retryAt, halted } = pool;
  return {
    ...{ name, template, profile, size, aliases, lastReadyAt, failures, lastError, failedAt, retryAt, halted },
    ...counts,
    condition: conditionOf(pool, counts.ready),
  };
}

const todayOf = (kinds: Awaited<ReturnType<typeof sumDay>>, wanted: DayRow['kind']): Today => {
  const took = kinds.find(({ kind }) => kind === wanted) ?? NONE;
  return { duration: durationsOf(took), count: { total: took.count } };
};
