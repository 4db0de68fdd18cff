/** A pool that places may be given to: how many more it may have, and how many it has. */
export interface Claim {
  room: number;
  going: number;
}

/**
 * Deals places out one after the other, each to the pool with room that is first in the order as it is then. Of several pools, one gets
 * another only while it has fewer than twice as many as are free: whatever becomes of what it begins, of three places or more one is
 * left for others.
 */
export function deal<T extends Claim>(
  free: number,
  claims: readonly T[],
  order: (a: T, b: T) => number,
  give: (claim: T) => void,
): void {
  const alone = claims.length < 2;
  for (let left = free; left > 0; left -= 1) {
    const [next] = claims.filter(({ room, going }) => room > 0 && (alone || going < 2 * left)).sort(order);
    if (!next) return;
    next.room -= 1;
    next.going += 1;
    give(next);
  }
}
