import { type PoolShares, poolShares } from './pool-share.ts';

/** VMs wanted by the name of a pool or an alias, with the pools that can give them. */
export interface Want {
  readonly name: string;
  readonly count: number;
  readonly pools: readonly string[];
  /** How often each pool is drawn in relation to the others, in their order. */
  readonly weights: readonly number[];
}

export interface Short {
  readonly want: Want;
  readonly missing: number;
}

/** For each want, the pool of each of its VMs; or the wants that cannot be met, with how many are missing. */
export type Allocation =
  | { readonly given: ReadonlyMap<Want, readonly string[]> }
  | { readonly short: readonly Short[] };

/** Wants whose numbers pools with so many ready cannot meet together, the first met first. */
export const shortfall = (wants: readonly Want[], ready: ReadonlyMap<string, number>): readonly Short[] =>
  giveAll(wants, poolShares(ready));

/** Gives each what can be given; returns those that lack some. */
export const giveAll = (wants: readonly Want[], shares: PoolShares): readonly Short[] =>
  wants.map((want) => ({ want, missing: shares.give(want, want.count) })).filter(({ missing }) => missing > 0);

/**
 * Draws the pool of every VM wanted by weight among those that have one left beside what is promised: what pools can give for
 * `promised` is theirs. Meets all wants whenever that is possible at all, so that nobody is turned away while enough is there.
 * `chance` gives numbers from 0 up to 1.
 */
export function allocate(
  wants: readonly Want[],
  ready: ReadonlyMap<string, number>,
  { promised = [], chance = Math.random }: { readonly promised?: readonly Want[]; readonly chance?: () => number } = {},
): Allocation {
  const shares = poolShares(ready);
  giveAll(promised, shares);
  const short = giveAll(wants, shares);
  if (short.length > 0) return { short };
  // It is possible: now the same by chance.
  const open = wants.filter(({ pools }) => pools.length > 1);
  for (const want of open) shares.takeBack(want);
  for (const want of open) for (let vm = 0; vm < want.count; vm += 1) giveDrawn(want, shares, chance);
  const poolsOf = (want: Want) => [...shares.of(want)].flatMap(([pool, count]) => new Array<string>(count).fill(pool));
  return { given: new Map(wants.map((want) => [want, poolsOf(want)])) };
}

function giveDrawn(want: Want, shares: PoolShares, chance: () => number): void {
  const pool = drawPool(want, chance, (one) => shares.left(one) > 0);
  if (pool !== undefined) shares.giveOf(want, pool);
  else if (shares.give(want, 1) > 0) throw new Error(`bug: ${want.name} cannot be given what was there before`);
}

/** One of the pools that may be drawn, by weight; alike where all of those have none. Undefined without any. */
export function drawPool(
  { pools, weights }: Pick<Want, 'pools' | 'weights'>,
  chance: () => number,
  mayBe: (pool: string) => boolean = () => true,
): string | undefined {
  const drawn = pools.map((name, index) => ({ name, weight: weights[index] ?? 0 })).filter(({ name }) => mayBe(name));
  const total = drawn.reduce((sum, { weight }) => sum + weight, 0);
  let at = chance() * (total > 0 ? total : drawn.length);
  const hit = drawn.find(({ weight }) => {
    at -= total > 0 ? weight : 1;
    return at < 0;
  });
  return (hit ?? drawn.at(-1))?.name;
}

/** The same with one want for each name. */
export function byName(wants: readonly Want[]): readonly Want[] {
  const all = new Map<string, Want>();
  for (const want of wants) all.set(want.name, { ...want, count: want.count + (all.get(want.name)?.count ?? 0) });
  return [...all.values()];
}
