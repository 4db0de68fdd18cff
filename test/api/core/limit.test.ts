import { expect, it } from 'vitest';
import { matching } from '../../../api/core/limit.ts';

const NAMES = ['web1', 'web10', 'db1'];
const names = (limit?: string) => matching(limit, NAMES, (name) => name);

it('takes a regular expression, with anything around it unless it is anchored', () => {
  expect(names()).toEqual(NAMES);
  expect(names('')).toEqual(NAMES);
  expect(names('eb1')).toEqual(['web1', 'web10']);
  expect(names('^web1$')).toEqual(['web1']);
});

it.each([['('], ['[z-a]']])('refuses %s, which is none', (limit) => {
  expect(() => names(limit)).toThrow(/limit: .* is no regular expression/);
});

it('gives up on one that backtracks for ever, instead of keeping everybody waiting', () => {
  const began = performance.now();
  expect(() => matching('^(a+)+$$b', ['a'.repeat(40)], (name) => name)).toThrow(/limit: .* too long/);
  expect(performance.now() - began).toBeLessThan(5_000);
});
