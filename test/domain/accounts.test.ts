import { expect, it } from 'vitest';
import { accountName } from '../../domain/accounts.ts';

it.each([
  ['jdoe', 'jdoe'],
  [' JDoe ', 'jdoe'],
  ['ｊｄｏｅ', 'jdoe'],
  ['Doe, John', 'doe, john'],
  ['we  ird', 'we ird'],
  ['we \u00a0\u1680ird', 'we ird'],
  ['jdoe@example.org', 'jdoe@example.org'],
  ['', null],
  ['   ', null],
  ['a\0b', null],
  ['a\nb', null],
  ['a\u200bb', null],
  ['x'.repeat(129), null],
])('keeps the name %j as %j', (text, name) => {
  expect(accountName(text)).toBe(name);
});
