/** One who takes VMs of any of these pools; told from others by being another object. */
export interface Taker {
  readonly pools: readonly string[];
}

/** How many VMs of which pool each taker has. */
export interface PoolShares {
  /**
   * Gives up to so many more, and returns how many are missing: none whenever that is possible at all. What others have stays as
   * much as it was, though it may be of other pools of theirs afterwards.
   */
  give(taker: Taker, count: number): number;
  /** Gives one of this pool, which has to have one left. */
  giveOf(taker: Taker, pool: string): void;
  left(pool: string): number;
  of(taker: Taker): ReadonlyMap<string, number>;
  /** Takes everything back that it has. */
  takeBack(taker: Taker): void;
}

/** A taker that gives up VMs of one pool for as many of another. */
interface Move {
  readonly taker: Taker;
  readonly from: string;
  readonly to: string;
}

/**
 * Divides what pools have by numbers, not VM by VM (augmenting paths): its cost depends on how many takers and pools there are, and
 * not on how many VMs.
 */
export function poolShares(ready: ReadonlyMap<string, number>): PoolShares {
  const free = new Map(ready);
  const holders = new Map<string, Map<Taker, number>>();
  const left = (pool: string): number => free.get(pool) ?? 0;
  const held = (taker: Taker, pool: string): number => holders.get(pool)?.get(taker) ?? 0;
  /** More, or fewer with a negative number. */
  const hold = (taker: Taker, pool: string, more: number): void => {
    const all = holders.get(pool) ?? new Map<Taker, number>();
    const now = (all.get(taker) ?? 0) + more;
    if (now > 0) all.set(taker, now);
    else all.delete(taker);
    holders.set(pool, all);
    free.set(pool, left(pool) - more);
  };
  /** Moves that make room in a pool of this taker, the last of them into a pool that has some left. */
  const findMoves = ({ pools }: Taker): readonly Move[] | undefined => {
    const cameBy = new Map<string, Move | null>(pools.map((pool) => [pool, null]));
    const seen = new Set<Taker>();
    for (const from of cameBy.keys())
      for (const taker of holders.get(from)?.keys() ?? []) {
        if (seen.has(taker)) continue;
        seen.add(taker);
        for (const to of taker.pools) {
          if (cameBy.has(to)) continue;
          cameBy.set(to, { taker, from, to });
          if (left(to) > 0) return backFrom(to, cameBy);
        }
      }
    return undefined;
  };
  return {
    left,
    giveOf: (taker, pool) => hold(taker, pool, 1),
    of: (taker) =>
      new Map(taker.pools.map((pool) => [pool, held(taker, pool)] as const).filter(([, count]) => count > 0)),
    takeBack: (taker) => {
      for (const pool of taker.pools) hold(taker, pool, -held(taker, pool));
    },
    give: (taker, count) => {
      let missing = count;
      for (const pool of taker.pools) {
        const some = Math.min(missing, left(pool));
        if (some > 0) hold(taker, pool, some);
        missing -= Math.max(0, some);
      }
      while (missing > 0) {
        const moves = findMoves(taker);
        const [first, last] = [moves?.[0], moves?.at(-1)];
        if (!moves || !first || !last) return missing;
        const some = Math.min(missing, left(last.to), ...moves.map((move) => held(move.taker, move.from)));
        for (const move of moves) {
          hold(move.taker, move.from, -some);
          hold(move.taker, move.to, some);
        }
        hold(taker, first.from, some);
        missing -= some;
      }
      return 0;
    },
  };
}

function backFrom(end: string, cameBy: ReadonlyMap<string, Move | null>): readonly Move[] {
  const moves: Move[] = [];
  for (let move = cameBy.get(end); move; move = cameBy.get(move.from)) moves.unshift(move);
  return moves;
}
