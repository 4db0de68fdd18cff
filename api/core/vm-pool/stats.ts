import { familyOf } from '../../../domain/pool-stats.ts';
import type { Store } from '../../../store/open.ts';
import { dayOf } from '../../../store/pool-day.ts';
import { listFailures } from '../../../store/pool-entry.ts';
import { listUnbegun } from '../../../store/pool-failure.ts';
import { listTotals, type TotalRow } from '../../../store/pool-total.ts';
import { perCommit } from '../per-commit.ts';
import { type Curves, curves, DAY_SPAN, HOUR_SPAN } from './history.ts';
import { type Live, live } from './live.ts';
import { type PoolFigures, type PoolStatus, readStatus } from './status.ts';
import { type DayFigures, readSummary, type Summary, type SummaryRange } from './summary.ts';

/** A VM that could not be made, or not even begun: of the latter, the last of each pool, hour and reason. */
export interface PoolFailure {
  readonly pool: string;
  /** Null for one that was not begun. */
  readonly name: string | null;
  /** Epoch ms. */
  readonly at: number;
  readonly reason: string;
}

/** Checked-out VMs by the family that their pool's name tells, with its pools. */
export type Families = Readonly<Record<string, { readonly running: number; readonly pools: readonly string[] }>>;

/** What one looks at from afar, in parts that change at different times. */
export interface Overview {
  /** Epoch ms, to the last 10 s: told even when nothing happens. */
  readonly pulse: number;
  readonly state: PoolStatus & {
    readonly families: Families;
  };
  readonly failures: readonly PoolFailure[];
  /** The last week. */
  readonly days: readonly { readonly date: string; readonly clone: DayFigures; readonly boot: DayFigures }[];
  /** The last day. */
  readonly curves: Curves;
}

export interface StatsService {
  /** The same object until something is committed. */
  status(): Promise<PoolStatus>;
  /** 'invalid' for days that are none (see daysOf). */
  summary(range: SummaryRange): Promise<Summary>;
  /** Pools of these names, or that have one of them as an alias. */
  named(names: readonly string[]): Promise<readonly PoolFigures[]>;
  families(): Promise<Families>;
  /** The last hour, minute by minute. */
  lastHour(): Promise<Curves>;
  /** An overview at once, and whenever a part of it has changed, at most once a second; ends when aborted. */
  watch: Live<Overview>['watch'];
  /** What has happened since the beginning, for metrics. */
  totals(): Promise<readonly TotalRow[]>;
}

const WEEK_DAYS = 7;
const DAY_MS = 86_400_000;
const FAILURES = 20;
const PULSE_MS = 10_000;

/** Numbers of VM pools: counted once a commit, whoever asks however often. */
export function statsService(store: Store): StatsService {
  const status = perCommit(store, () => readStatus(store.read));
  const hour = curves(store, HOUR_SPAN);
  const day = curves(store, DAY_SPAN);
  const lastHour = perCommit(store, () => hour(Date.now()));
  const overview = async (): Promise<Overview> => {
    const state = await status();
    const now = Date.now();
    return {
      pulse: now - (now % PULSE_MS),
      state: { ...state, families: familiesOf(state) },
      failures: await failures(store, state.pools),
      days: await week(store),
      curves: await day(now),
    };
  };
  return {
    status,
    lastHour,
    summary: (range) => readSummary(store.read, range),
    named: async (names) =>
      (await status()).pools.filter(({ name, aliases }) => [name, ...aliases].some((one) => names.includes(one))),
    families: async () => familiesOf(await status()),
    watch: live(store, overview).watch,
    totals: perCommit(store, () => listTotals(store.read)),
  };
}

function familiesOf({ pools }: Pick<PoolStatus, 'pools'>): Families {
  const families = Map.groupBy(pools, ({ name }) => familyOf(name));
  return Object.fromEntries(
    [...families].map(([family, some]) => [
      family,
      { running: some.reduce((sum, { running }) => sum + running, 0), pools: some.map(({ name }) => name) },
    ]),
  );
}

/** The latest, newest first, and those that pools which are given up were given up for, however long ago. */
async function failures(store: Store, pools: readonly PoolFigures[]): Promise<readonly PoolFailure[]> {
  const since = Date.now() - WEEK_DAYS * DAY_MS;
  const rows = await listFailures(store.read, since, FAILURES);
  const begun = rows.map(({ pool, name, completedAt, reason }) => ({
    ...{ pool, name, at: completedAt ?? 0, reason: reason ?? '' },
  }));
  const unbegun = await listUnbegun(store.read, since, FAILURES);
  const known = [...begun, ...unbegun.map(({ pool, at, reason }) => ({ pool, name: null, at, reason }))];
  const keyOf = ({ pool, at, reason }: PoolFailure): string => `${pool}@${at}: ${reason}`;
  const keys = new Set(known.map(keyOf));
  const last = pools.flatMap(({ name, failedAt, lastError }) =>
    failedAt === null ? [] : [{ pool: name, name: null, at: failedAt, reason: lastError ?? '' }],
  );
  const givenUp = new Set(pools.filter(({ halted }) => halted).map(({ name }) => name));
  const stays = new Set(last.filter(({ pool }) => givenUp.has(pool)).map(keyOf));
  return [...known, ...last.filter((one) => !keys.has(keyOf(one)))]
    .sort((a, b) => b.at - a.at)
    .filter((one, index) => index < FAILURES || stays.has(keyOf(one)));
}

async function week(store: Store): Promise<Overview['days']> {
  const from = dayOf(Date.now() - (WEEK_DAYS - 1) * DAY_MS);
  const { daily } = await readSummary(store.read, { from });
  return daily.map(({ date, clone, boot }) => ({ date, clone, boot }));
}
