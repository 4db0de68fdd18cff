import { isPausing, type VmPool } from '../../../domain/vm-pool.ts';
import type { Db } from '../../../store/open.ts';
import { countPending, total } from '../../../store/pool-entry.ts';
import { countMade, lastBegun, listWaitingRequests, type RequestRow } from '../../../store/pool-request.ts';
import { deal } from './deal.ts';
import { poolsOf } from './request.ts';
import { poolsNow, type Turn } from './turn.ts';

/** A clone that a pool may begin for a request now. */
export interface RequestShare {
  readonly request: string;
  readonly pool: string;
  /** Whether its pool has failed so recently that it is not to try now. */
  readonly rests: boolean;
}

/**
 * Divides the free places for clones of on-demand requests: one after the other to the pool that has the fewest of them, and began
 * none for longest, and there to the oldest request; each pool within its own limit. So a pool whose clones hang, or that is asked
 * for much, keeps no other waiting. Pools that pause or are given up come last.
 */
export async function shareRequestPlaces(turn: Turn): Promise<readonly RequestShare[]> {
  const { tx, settings, now } = turn;
  const cloning = (await countPending(tx)).filter((row) => row.cloning);
  const free = settings.ondemandCloneLimit - total(cloning.filter(({ ondemand }) => ondemand));
  if (free <= 0) return [];
  const requests = (await listWaitingRequests(tx)).filter(({ expiresAt }) => expiresAt > now);
  if (requests.length === 0) return [];
  const missing = await missingByPool(tx, requests);
  const begun = await lastBegun(tx);
  const open = (await poolsNow(turn)).map((pool) => {
    const { name, maxClones } = pool;
    const own = cloning.filter((row) => row.pool === name);
    const wants = missing.get(name) ?? [];
    const room = Math.min(total(wants), (maxClones ?? Number.POSITIVE_INFINITY) - total(own));
    const going = total(own.filter(({ ondemand }) => ondemand));
    const how = { late: Number(pauses(turn, pool)), last: begun.get(name) ?? 0, rests: rests(turn, pool) };
    return { name, room, going, ...how, wants };
  });
  const shares: RequestShare[] = [];
  type Open = (typeof open)[number];
  const order = (a: Open, b: Open): number =>
    a.late - b.late || a.going - b.going || a.last - b.last || oldest(a) - oldest(b);
  deal(free, open, order, ({ name, rests: resting, wants }) => {
    const [want] = wants;
    if (!want) return;
    shares.push({ request: want.request, pool: name, rests: resting });
    want.count -= 1;
    if (want.count === 0) wants.shift();
  });
  return shares;
}

interface Missing {
  readonly request: string;
  /** Its place among all requests, the oldest first. */
  readonly place: number;
  count: number;
}

const oldest = ({ wants }: { readonly wants: readonly Missing[] }): number => wants[0]?.place ?? 0;

/** What requests lack of each pool, in their order. */
async function missingByPool(tx: Db, requests: readonly RequestRow[]): Promise<ReadonlyMap<string, Missing[]>> {
  const made = new Map((await countMade(tx)).map((row) => [`${row.request} ${row.pool}`, row.count]));
  const byPool = new Map<string, Missing[]>();
  for (const [place, request] of requests.entries())
    for (const pool of poolsOf(request)) {
      const count = countOf(request, pool) - (made.get(`${request.id} ${pool}`) ?? 0);
      if (count <= 0) continue;
      const wants = byPool.get(pool) ?? [];
      wants.push({ request: request.id, place, count });
      byPool.set(pool, wants);
    }
  return byPool;
}

/** How long a pool that has failed does not try again for requests, in ms, though places are free. */
export const REST_MS = 1_000;

const rests = ({ name, now, luck }: Turn, pool: VmPool): boolean =>
  // What has failed in this turn is recorded at its end.
  (pool.name === name && luck.failures.length > 0) || (pool.failedAt ?? 0) > now - REST_MS;

const pauses = (turn: Turn, pool: VmPool): boolean => isPausing(pool, turn.now) || rests(turn, pool);

/** How many VMs of the pool the request is to have. */
const countOf = ({ wants }: RequestRow, pool: string): number => total(wants.filter((want) => want.pool === pool));
