import { expect, it } from 'vitest';
import { parseJson } from '../../../api/http/json.ts';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

it('reads what is nested a hundred levels deep, and refuses one more', () => {
  expect(JSON.stringify(parseJson(nested(100)))).toBe(nested(100));
  expect(() => parseJson(nested(101))).toThrow('body: is nested more than 100 levels deep.');
});
