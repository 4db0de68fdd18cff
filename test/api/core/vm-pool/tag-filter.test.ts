import { expect, it } from 'vitest';
import { NoFilter, tagFilter } from '../../../../api/core/vm-pool/tag-filter.ts';

it.each([
  ['(.*)\\/', 'job/7', 'job'],
  ['\\Ahttps?:\\/\\/([^\\/]+)', 'https://ci.example.com/job', 'ci.example.com'],
  ['\\A(b)', 'ab', null],
  ['(b)\\z', 'ab', 'b'],
  ['(b)\\z', 'b\n', null],
  ['(b)\\Z', 'b\n', 'b'],
  ['(b)\\Z', 'b\nc', null],
  ['^(b)$', 'a\nb\nc', 'b'],
  ['(\\h+)-', 'Beef-', 'Beef'],
  ['([\\h_]+)-', 'x_f0-', '_f0'],
  ['(\\H+)', 'azz', 'zz'],
  ['a\\-(\\d+)', 'a-12', '12'],
  ['(\\\\A)', '\\A', '\\A'],
])('reads %j as Ruby does', (filter, value, captured) => {
  expect(tagFilter(filter).exec(value)?.[1] ?? null).toBe(captured);
});

it.each([
  ['(', 'is no regular expression.'],
  ['(?i)a', 'is no regular expression.'],
  ['a++', 'is no regular expression.'],
  ['\\G(a)', "has '\\G', which is not known here."],
  ['\\p{Alpha}', "has '\\p', which is not known here."],
  ['[\\A]', "has '\\A', which is not known here."],
  ['[[:alpha:]]+', "has '[:alpha:]', which is not known here."],
  ['a{,3}', "has '{,3}', which is not known here."],
])('refuses %j, saying why', (filter, why) => {
  expect(() => tagFilter(filter)).toThrow(new NoFilter(why));
});
