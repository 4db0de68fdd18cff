/** VMs wanted by the name of a pool or an alias, with the pools that can give them, the preferred one first. */
export interface Want {
  readonly name: string;
  readonly count: number;
  readonly pools: readonly string[];
}

/** For each want, the pool of each of its VMs; or the wants that cannot be met, with how many are missing. */
export type Allocation =
  | { readonly given: ReadonlyMap<Want, readonly string[]> }
  | { readonly short: readonly { readonly want: Want; readonly missing: number }[] };

/**
 * VMs that one who waits keeps from those who come later: of each pool that may give them as many as it asks for; none at all while
 * the pools could not meet it with `most` of each.
 */
export function claimsOf(wants: readonly Want[], most: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const claims = new Map<string, number>();
  if ('short' in allocate(wants, most)) return claims;
  for (const { pools, count } of wants) for (const pool of pools) claims.set(pool, (claims.get(pool) ?? 0) + count);
  return claims;
}

interface Slot {
  readonly want: Want;
  pool: string | null;
}

/**
 * Gives every VM wanted a pool that has one left, by preference where that is possible, whatever the order of wants. Meets all
 * of them whenever that is possible at all (augmenting paths), so that nobody is turned away while enough is there.
 */
export function allocate(wants: readonly Want[], ready: ReadonlyMap<string, number>): Allocation {
  const slots: Slot[] = wants.flatMap((want) => Array.from({ length: want.count }, () => ({ want, pool: null })));
  const held = new Map<string, Slot[]>();
  for (const slot of slots) settle(slot, held, ready, new Set());
  if (slots.every((slot) => slot.pool !== null)) {
    const given = new Map(wants.map((want) => [want, [] as string[]]));
    for (const { want, pool } of slots) if (pool !== null) given.get(want)?.push(pool);
    return { given };
  }
  const missing = (want: Want): number => slots.filter((slot) => slot.want === want && slot.pool === null).length;
  return { short: wants.map((want) => ({ want, missing: missing(want) })).filter((one) => one.missing > 0) };
}

/** Finds the slot a pool, moving others to pools of theirs where need be. */
function settle(
  slot: Slot,
  held: Map<string, Slot[]>,
  ready: ReadonlyMap<string, number>,
  visited: Set<string>,
): boolean {
  const { pools } = slot.want;
  const free = pools.find((pool) => (held.get(pool)?.length ?? 0) < (ready.get(pool) ?? 0));
  if (free !== undefined) {
    take(slot, free, held);
    return true;
  }
  for (const pool of pools) {
    if (visited.has(pool)) continue;
    visited.add(pool);
    const mover = held.get(pool)?.find((other) => settle(other, held, ready, visited));
    if (!mover) continue;
    take(slot, pool, held);
    return true;
  }
  return false;
}

function take(slot: Slot, pool: string, held: Map<string, Slot[]>): void {
  if (slot.pool !== null) {
    const old = held.get(slot.pool);
    old?.splice(old.indexOf(slot), 1);
  }
  slot.pool = pool;
  held.set(pool, [...(held.get(pool) ?? []), slot]);
}

/**
 * Pools in the order in which they are asked: one drawn by weight first if all have one, else drawn by chance; then the others.
 * Weights of 0 are never drawn first. `chance` gives numbers from 0 up to 1.
 */
export function inOrder(
  pools: readonly { readonly name: string; readonly weight: number | null }[],
  chance: () => number,
): readonly string[] {
  const total = pools.every(({ weight }) => weight !== null)
    ? pools.reduce((sum, { weight }) => sum + (weight ?? 0), 0)
    : 0;
  const left = pools.map(({ name, weight }) => ({ name, weight: total > 0 ? (weight ?? 0) : 1 }));
  let at = chance() * left.reduce((sum, { weight }) => sum + weight, 0);
  const first = left.find(({ weight }) => {
    at -= weight;
    return at < 0;
  });
  if (first === undefined) return left.map(({ name }) => name);
  return [first.name, ...left.filter((pool) => pool !== first).map(({ name }) => name)];
}
