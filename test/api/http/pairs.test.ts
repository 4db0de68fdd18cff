import { expect, it } from 'vitest';
import { gathered } from '../../../api/http/pairs.ts';

const MOST = 10_000;

it('takes as many parts of a form as values of a query, and no more', () => {
  const parts = Array.from({ length: MOST }, () => ['arg', 'a=1'] as const);
  expect(gathered(parts.slice(0, 2), 'body')).toEqual({ arg: ['a=1', 'a=1'] });
  expect(() => gathered([...parts, ['arg', 'a=1']], 'body')).toThrow(`More than ${MOST} values.`);
});
