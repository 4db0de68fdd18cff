import { expect, it } from 'vitest';
import { sealOf } from '../../../api/core/seal.ts';

const KEY = Buffer.alloc(32, 1);
const seal = sealOf(KEY, 'token');

it('opens what it closed, and says nothing of it meanwhile', () => {
  const [one, two] = [seal.close('secret ü', 'row'), seal.close('secret ü', 'row')];
  expect(seal.open(one, 'row')).toBe('secret ü');
  expect(one).not.toBe(two);
  expect(Buffer.from(one, 'base64').includes('secret')).toBe(false);
});

it.each([
  ['another key', sealOf(Buffer.alloc(32, 2), 'token'), 'row', (s: string) => s],
  ['another label', sealOf(KEY, 'other'), 'row', (s: string) => s],
  ['another row', seal, 'other', (s: string) => s],
  ['a changed byte', seal, 'row', (s: string) => `${s[0] === 'A' ? 'B' : 'A'}${s.slice(1)}`],
  ['a part', seal, 'row', (s: string) => s.slice(0, 12)],
  ['nothing', seal, 'row', () => ''],
])('does not open with %s', (_, other, bound, change) => {
  expect(() => other.open(change(seal.close('secret', 'row')), bound)).toThrow();
});
