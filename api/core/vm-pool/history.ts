import type { Store } from '../../../store/open.ts';
import { countEntries } from '../../../store/pool-entry.ts';
import { forgetFailures } from '../../../store/pool-failure.ts';
import { forgetHistory, historySince, insertHistory, thinHistory } from '../../../store/pool-history.ts';
import { listPools } from '../../../store/vm-pool.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Every minute of a day is kept, then one in a quarter of an hour, for a week. */
const THIN_MS = 15 * MINUTE_MS;
const KEEP_MS = 7 * DAY_MS;

/** Writes down what every pool has, once a minute however often and by how many processes it is called. */
export async function samplePools(store: Store, now: number): Promise<void> {
  const at = now - (now % MINUTE_MS);
  await store.write(async (tx) => {
    const counts = await countEntries(tx);
    const count = (name: string, state: string): number =>
      counts.find((row) => row.pool === name && row.state === state)?.count ?? 0;
    const rows = (await listPools(tx)).map(({ name, size }) => ({
      ...{ pool: name, at, size },
      ...{ ready: count(name, 'ready'), running: count(name, 'running') },
    }));
    await insertHistory(tx, rows);
  });
}

/** Forgets what is older than is kept. */
export const tidyHistory = (store: Store, now: number): Promise<void> =>
  store.write(async (tx) => {
    await forgetHistory(tx, now - KEEP_MS);
    await forgetFailures(tx, now - KEEP_MS);
    await thinHistory(tx, now - DAY_MS, THIN_MS);
  });

/** What a curve is drawn of: one value a step, null where nothing was written down. */
export interface Curves {
  /** Epoch ms of the first step. */
  readonly from: number;
  readonly stepMs: number;
  /** By pool: the least that was ready in each step, and the most that ran. */
  readonly pools: Readonly<
    Record<string, { readonly ready: readonly (number | null)[]; readonly running: readonly (number | null)[] }>
  >;
}

interface Span {
  readonly steps: number;
  readonly stepMs: number;
}
/** The last day, and the last hour. */
export const DAY_SPAN: Span = { steps: 144, stepMs: 10 * MINUTE_MS };
export const HOUR_SPAN: Span = { steps: 60, stepMs: MINUTE_MS };

interface Point {
  ready: number;
  running: number;
}

/**
 * Curves over a span that ends now. What was read before is remembered: asking again reads the last step and what is new, so
 * that a dashboard costs a few rows a minute and not a day of them.
 */
export function curves(store: Pick<Store, 'read'>, { steps, stepMs }: Span): (now: number) => Promise<Curves> {
  const known = new Map<string, Map<number, Point>>();
  let readFrom = 0;
  const learn = async (first: number, last: number): Promise<void> => {
    const from = Math.max(first, readFrom);
    for (const { pool, at, ready, running } of await historySince(store.read, from * stepMs)) {
      const points = known.get(pool) ?? new Map<number, Point>();
      known.set(pool, points);
      const step = Math.floor(at / stepMs);
      const point = points.get(step) ?? { ready, running };
      points.set(step, { ready: Math.min(point.ready, ready), running: Math.max(point.running, running) });
    }
    readFrom = last;
  };
  const forget = (first: number): void => {
    for (const [pool, points] of known) {
      for (const step of points.keys()) if (step < first) points.delete(step);
      if (points.size === 0) known.delete(pool);
    }
  };
  return async (now) => {
    const last = Math.floor(now / stepMs);
    const first = last - steps + 1;
    await learn(first, last);
    forget(first);
    const line = (points: Map<number, Point>, key: keyof Point) =>
      Array.from({ length: steps }, (_, index) => points.get(first + index)?.[key] ?? null);
    const pools = [...known].map(([pool, points]) => [
      pool,
      { ready: line(points, 'ready'), running: line(points, 'running') },
    ]);
    return { from: first * stepMs, stepMs, pools: Object.fromEntries(pools) };
  };
}
