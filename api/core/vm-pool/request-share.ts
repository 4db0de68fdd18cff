import type { VmPool } from '../../../domain/vm-pool.ts';
import { countPending, total } from '../../../store/pool-entry.ts';
import { countMade, listWaitingRequests, type RequestRow } from '../../../store/pool-request.ts';
import { listPools } from '../../../store/vm-pool.ts';
import type { Turn } from './turn.ts';

/** So many clones a pool may begin for a request now. */
export interface RequestShare {
  readonly request: string;
  readonly pool: string;
  readonly count: number;
  /** Whether its pool could not begin any just now. */
  readonly late: boolean;
}

/**
 * Divides the free places for clones of on-demand requests: the oldest request first, each pool within its own limit. Pools
 * that are in trouble come last: nobody waits for places that they might have taken.
 */
export async function shareRequestPlaces({ tx, settings, now }: Turn): Promise<readonly RequestShare[]> {
  const requests = (await listWaitingRequests(tx)).filter(({ expiresAt }) => expiresAt > now);
  if (requests.length === 0) return [];
  const pools = new Map((await listPools(tx)).map((pool) => [pool.name, pool]));
  const cloning = (await countPending(tx)).filter((row) => row.cloning);
  const made = await countMade(tx);
  const wants = requests.flatMap((request) =>
    namesOf(request).map((pool) => {
      const has = made.filter((row) => row.request === request.id && row.pool === pool);
      return { request: request.id, pool, missing: countOf(request, pool) - total(has) };
    }),
  );
  const isLate = (pool: string): boolean => pauses(pools.get(pool), now);
  const shares: RequestShare[] = [];
  let free = settings.ondemandCloneLimit - total(cloning.filter(({ ondemand }) => ondemand));
  for (const late of [false, true])
    for (const { request, pool, missing } of wants.filter((want) => isLate(want.pool) === late)) {
      const taken = total([...cloning, ...shares].filter((row) => row.pool === pool));
      const room = (pools.get(pool)?.maxClones ?? Number.POSITIVE_INFINITY) - taken;
      const count = Math.min(free, missing, room);
      if (count <= 0 || !pools.has(pool)) continue;
      shares.push({ request, pool, count, late });
      free -= count;
    }
  return shares;
}

/** How long a pool that could begin nothing lets others go first, in ms. */
const LATE_MS = 1_000;

const pauses = (pool: VmPool | undefined, now: number): boolean =>
  (pool?.retryAt ?? 0) > now || (pool?.failedAt ?? 0) > now - LATE_MS;

const namesOf = ({ wants }: RequestRow): readonly string[] => [...new Set(wants.map(({ pool }) => pool))];

/** How many VMs of the pool the request is to have. */
export const countOf = ({ wants }: RequestRow, pool: string): number =>
  total(wants.filter((want) => want.pool === pool));
