import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { countCheckouts } from '../../../api/http/pool-metrics.ts';
import { cancelled, invalid, noCapacity, notFound, unavailable } from '../../../domain/fault.ts';

const OPTIONS = { waitMs: 0, gone: false, signal: new AbortController().signal };
const ASKED = [
  { name: 'a', count: 2 },
  { name: 'b', count: 1 },
];

it('counts checkouts by outcome, and no name that may be anything', async () => {
  const registry = new Registry();
  const outcomes = [noCapacity('x'), notFound('VM pool', 'b'), invalid('a', 'x'), unavailable('x'), cancelled('x')];
  const { take } = countCheckouts(registry, {
    take: async (_who, asked) => {
      const fault = outcomes.shift();
      if (fault) throw fault;
      return asked.map(({ name, count }) => ({ name, vms: Array<string>(count).fill('vm') }));
    },
  });
  for (let n = 0; n < 5; n += 1) await expect(take('anyone', ASKED, OPTIONS)).rejects.toThrow();
  expect(await take('anyone', ASKED, OPTIONS)).toHaveLength(2);
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('slipway'));
  expect(lines.sort()).toEqual([
    'slipway_vm_pool_checkouts_total{pool="",result="invalid"} 2',
    'slipway_vm_pool_checkouts_total{pool="a",result="empty"} 2',
    'slipway_vm_pool_checkouts_total{pool="a",result="success"} 2',
    'slipway_vm_pool_checkouts_total{pool="b",result="empty"} 1',
    'slipway_vm_pool_checkouts_total{pool="b",result="success"} 1',
  ]);
});
