import type { VmPool } from '../../../domain/vm-pool.ts';
import { countPending, total } from '../../../store/pool-entry.ts';
import { countMade, listWaitingRequests, type RequestRow } from '../../../store/pool-request.ts';
import { listPools } from '../../../store/vm-pool.ts';
import { poolsOf } from './request.ts';
import type { Turn } from './turn.ts';

/** So many clones a pool may begin for a request now. */
export interface RequestShare {
  readonly request: string;
  readonly pool: string;
  readonly count: number;
  /** Whether its pool has failed so recently that it is not to try now. */
  readonly rests: boolean;
}

/**
 * Divides the free places for clones of on-demand requests: the oldest request first, each pool within its own limit. Pools
 * that pause or are given up come last: nobody waits for places that they might have taken.
 */
export async function shareRequestPlaces(turn: Turn): Promise<readonly RequestShare[]> {
  const { tx, settings, now } = turn;
  const cloning = (await countPending(tx)).filter((row) => row.cloning);
  let free = settings.ondemandCloneLimit - total(cloning.filter(({ ondemand }) => ondemand));
  if (free <= 0) return [];
  const requests = (await listWaitingRequests(tx)).filter(({ expiresAt }) => expiresAt > now);
  if (requests.length === 0) return [];
  const pools = new Map((await listPools(tx)).map((pool) => [pool.name, pool]));
  const made = new Map((await countMade(tx)).map((row) => [`${row.request} ${row.pool}`, row.count]));
  const wants = requests.flatMap((request) =>
    poolsOf(request).map((pool) => {
      const missing = countOf(request, pool) - (made.get(`${request.id} ${pool}`) ?? 0);
      return {
        request: request.id,
        pool,
        missing,
        late: pauses(turn, pools.get(pool)),
        rests: rests(turn, pools.get(pool)),
      };
    }),
  );
  const shares: RequestShare[] = [];
  // In the order of the requests but for that: the sort is stable.
  for (const { missing, late: _, ...want } of wants.sort((a, b) => Number(a.late) - Number(b.late))) {
    if (free <= 0) break;
    const taken = total([...cloning, ...shares].filter(({ pool }) => pool === want.pool));
    const room = (pools.get(want.pool)?.maxClones ?? Number.POSITIVE_INFINITY) - taken;
    const count = Math.min(free, missing, room);
    if (count <= 0 || !pools.has(want.pool)) continue;
    shares.push({ ...want, count });
    free -= count;
  }
  return shares;
}

/** How long a pool that has failed does not try again for requests, in ms, though places are free. */
export const REST_MS = 1_000;

const rests = ({ name, now, luck }: Turn, pool: VmPool | undefined): boolean =>
  // What has failed in this turn is recorded at its end.
  (pool?.name === name && luck.failures.length > 0) || (pool?.failedAt ?? 0) > now - REST_MS;

const pauses = (turn: Turn, pool: VmPool | undefined): boolean =>
  pool?.halted === true || (pool?.retryAt ?? 0) > turn.now || rests(turn, pool);

/** How many VMs of the pool the request is to have. */
const countOf = ({ wants }: RequestRow, pool: string): number => total(wants.filter((want) => want.pool === pool));
