import { describe, expect, it } from 'vitest';
import { allocate, drawPool, type Want } from '../../domain/checkout.ts';
import { poolVmName } from '../../domain/pool-name.ts';

const ready = (counts: Record<string, number>) => new Map(Object.entries(counts));
const want = (name: string, count: number, ...pools: string[]): Want => ({ name, count, pools, weights: [] });
/** What a want is given, as `a2 b1`. */
const said = (pools: readonly string[] = []): string =>
  [...Map.groupBy(pools, (pool) => pool)]
    .map(([pool, { length }]) => `${pool}${length}`)
    .sort()
    .join(' ');

/** Numbers from 0 up to 1 that look like chance and are the same each time. */
const dice = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};

describe('an allocation', () => {
  it.each([
    ['one of one', [want('a', 1, 'a')], { a: 1 }, ['a1']],
    ['the other one when one is empty', [want('x', 1, 'b', 'a')], { a: 1, b: 0 }, ['a1']],
    ['whatever the order', [want('x', 1, 'a', 'b'), want('a', 1, 'a')], { a: 1, b: 1 }, ['b1', 'a1']],
    [
      'through a chain of others',
      [want('x', 1, 'a', 'b'), want('y', 1, 'b', 'c'), want('a', 1, 'a')],
      { a: 1, b: 1, c: 1 },
      ['b1', 'c1', 'a1'],
    ],
    ['over two pools', [want('x', 3, 'a', 'b')], { a: 2, b: 1 }, ['a2 b1']],
  ])('gives %s', (_, wants, counts, pools) => {
    const result = allocate(wants, ready(counts));
    expect('given' in result && wants.map((one) => said(result.given.get(one)))).toEqual(pools);
  });

  it('says how many are missing of what, when not everything can be had', () => {
    const wants = [want('a', 2, 'a'), want('b', 1, 'b')];
    expect(allocate(wants, ready({ a: 1, b: 1 }))).toEqual({ short: [{ want: wants[0], missing: 1 }] });
  });

  it('draws the pool of each VM anew', () => {
    const wants = [{ ...want('x', 1_000, 'a', 'b', 'c'), weights: [1, 3, 0] }];
    const result = allocate(wants, ready({ a: 1_000, b: 1_000, c: 1_000 }), { chance: dice(1) });
    const pools = Map.groupBy('given' in result ? (result.given.get(wants[0] as Want) ?? []) : [], (pool) => pool);
    expect(pools.get('a')?.length).toBeGreaterThan(200);
    expect(pools.get('a')?.length).toBeLessThan(300);
    expect(pools.get('b')?.length).toBe(1_000 - (pools.get('a')?.length ?? 0));
  });

  it.each([
    ['counts once over the pools of an alias', { a: 2, b: 1 }, 'a2 b1'],
    ['moves to another of its pools', { a: 3 }, 'a3'],
    ['is not there for others', { a: 3, b: 1 }, 'short'],
  ])('what is promised %s', (_, counts, outcome) => {
    const wants = Object.entries(counts).map(([name, count]) => want(name, count, name));
    const result = allocate(wants, ready({ a: 3, b: 1 }), { promised: [want('x', 1, 'a', 'b')] });
    const given = 'given' in result ? wants.map((one) => said(result.given.get(one))).join(' ') : 'short';
    expect(given).toBe(outcome);
  });

  it('of what many pools cannot give costs no more than a moment, and neither does that of what they can', () => {
    const pools = Array.from({ length: 60 }, (_, index) => `p${index + 1}`);
    const counts = new Map(pools.map((pool) => [pool, 12]));
    const began = performance.now();
    const asked = (count: number, each: number) =>
      allocate([want('all', count, ...pools), ...pools.map((pool) => want(pool, each, pool))], counts);
    expect(asked(1_000, 1_000)).toHaveProperty('short');
    expect(asked(60, 11)).toHaveProperty('given');
    expect(performance.now() - began).toBeLessThan(500);
  });

  it('meets all wants exactly when that is possible, and keeps what is promised', () => {
    const chance = dice(7);
    const upTo = (most: number): number => Math.floor(chance() * (most + 1));
    const outcomes = { given: 0, short: 0 };
    for (let round = 0; round < 1_000; round += 1) {
      const pools = ['a', 'b', 'c', 'd'].slice(0, 1 + upTo(3));
      const counts = new Map(pools.map((pool) => [pool, upTo(3)]));
      const wish = (name: string): Want => want(name, 1 + upTo(2), ...pools.filter(() => chance() < 0.5));
      const wants = ['x', 'y', 'z'].slice(0, 1 + upTo(2)).map(wish);
      const promised = ['u', 'v'].slice(0, upTo(2)).map(wish);
      const result = allocate(wants, counts, { promised, chance });
      const kept = most(promised, counts);
      const possible =
        most([...promised, ...wants], counts) === kept + wants.reduce((sum, { count }) => sum + count, 0);
      expect('given' in result, JSON.stringify({ wants, promised, counts: [...counts] })).toBe(possible);
      outcomes[possible ? 'given' : 'short'] += 1;
      if (!('given' in result)) continue;
      const rest = new Map(counts);
      for (const one of wants) {
        const from = result.given.get(one) ?? [];
        expect(from).toHaveLength(one.count);
        for (const pool of from) {
          expect(one.pools).toContain(pool);
          rest.set(pool, (rest.get(pool) ?? 0) - 1);
        }
      }
      expect(Math.min(...rest.values())).toBeGreaterThanOrEqual(0);
      expect(most(promised, rest)).toBe(kept);
    }
    expect(Math.min(outcomes.given, outcomes.short)).toBeGreaterThan(150);
  });
});

/** The most VMs that these can be given together, by trying everything. */
function most(wants: readonly Want[], counts: ReadonlyMap<string, number>): number {
  const [first, ...others] = wants.flatMap((one) => Array.from({ length: one.count }, () => ({ ...one, count: 1 })));
  if (!first) return 0;
  const tries = first.pools
    .filter((pool) => (counts.get(pool) ?? 0) > 0)
    .map((pool) => 1 + most(others, new Map([...counts, [pool, (counts.get(pool) ?? 0) - 1]])));
  return Math.max(most(others, counts), ...tries);
}

describe('pools of an alias', () => {
  const pools = ['a', 'b'];
  it.each([
    ['by weight', [1, 3], 0.24, 'a'],
    ['by weight', [1, 3], 0.26, 'b'],
    ['never the one of weight 0', [0, 1], 0, 'b'],
    ['by chance without weights', [], 0.4, 'a'],
    ['by chance when all weigh nothing', [0, 0], 0.6, 'b'],
  ])('are drawn %s', (_, weights, chance, drawn) => {
    expect(drawPool({ pools, weights }, () => chance)).toBe(drawn);
  });

  it('are drawn among those that may be, be their weight nothing', () => {
    expect(
      drawPool(
        { pools, weights: [1, 0] },
        () => 0,
        (pool) => pool === 'b',
      ),
    ).toBe('b');
    expect(
      drawPool(
        { pools, weights: [1, 0] },
        () => 0,
        () => false,
      ),
    ).toBeUndefined();
  });
});

it('names no two VMs alike, whatever their numbers', () => {
  const names = new Set(Array.from({ length: 50_000 }, (_, n) => poolVmName('ci-', n + 1)));
  expect(names.size).toBe(50_000);
  for (const name of [...names].slice(0, 1_000)) expect(name).toMatch(/^ci-[a-z][a-z0-9]{14}$/);
});
