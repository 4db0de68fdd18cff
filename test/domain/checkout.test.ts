import { describe, expect, it } from 'vitest';
import { allocate, inOrder } from '../../domain/checkout.ts';
import { poolVmName } from '../../domain/pool-name.ts';

const ready = (counts: Record<string, number>) => new Map(Object.entries(counts));
const want = (name: string, count: number, ...pools: string[]) => ({ name, count, pools });

describe('an allocation', () => {
  it.each([
    ['one of one', [want('a', 1, 'a')], { a: 1 }, [['a']]],
    ['the preferred pool first', [want('x', 1, 'b', 'a')], { a: 1, b: 1 }, [['b']]],
    ['the other one when that is empty', [want('x', 1, 'b', 'a')], { a: 1, b: 0 }, [['a']]],
    ['whatever the order', [want('x', 1, 'a', 'b'), want('a', 1, 'a')], { a: 1, b: 1 }, [['b'], ['a']]],
    [
      'through a chain of others',
      [want('x', 1, 'a', 'b'), want('y', 1, 'b', 'c'), want('a', 1, 'a')],
      { a: 1, b: 1, c: 1 },
      [['b'], ['c'], ['a']],
    ],
    ['over two pools', [want('x', 3, 'a', 'b')], { a: 2, b: 1 }, [['a', 'a', 'b']]],
  ])('gives %s', (_, wants, counts, pools) => {
    const result = allocate(wants, ready(counts));
    expect('given' in result && wants.map((one) => result.given.get(one))).toEqual(pools);
  });

  it('says how many are missing of what, when not everything can be had', () => {
    const wants = [want('a', 2, 'a'), want('b', 1, 'b')];
    expect(allocate(wants, ready({ a: 1, b: 1 }))).toEqual({ short: [{ want: wants[0], missing: 1 }] });
  });
});

describe('pools of an alias', () => {
  const pools = (a: number | null, b: number | null) => [
    { name: 'a', weight: a },
    { name: 'b', weight: b },
  ];
  it.each([
    ['by weight', pools(1, 3), 0.24, ['a', 'b']],
    ['by weight', pools(1, 3), 0.26, ['b', 'a']],
    ['never the one of weight 0', pools(0, 1), 0, ['b', 'a']],
    ['by chance unless all have one', pools(null, 9), 0.4, ['a', 'b']],
    ['by chance when all weigh nothing', pools(0, 0), 0.6, ['b', 'a']],
  ])('are asked %s', (_, given, chance, order) => {
    expect(inOrder(given, () => chance)).toEqual(order);
  });
});

it('names no two VMs alike, whatever their numbers', () => {
  const names = new Set(Array.from({ length: 50_000 }, (_, n) => poolVmName('ci-', n + 1)));
  expect(names.size).toBe(50_000);
  for (const name of [...names].slice(0, 1_000)) expect(name).toMatch(/^ci-[a-z][a-z0-9]{14}$/);
});
