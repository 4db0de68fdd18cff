import { expect, it } from 'vitest';
import { DomainError, exists, invalid, notFound } from '../../domain/fault.ts';

it.each([
  [notFound('VM', 'web1'), "No VM 'web1'."],
  [notFound('network', '100', "network template 'web'"), "No network '100' in network template 'web'."],
  [exists('disk', 'sda', "storage template 'web'"), "There is already a disk 'sda' in storage template 'web'."],
  [
    new DomainError({ kind: 'exists', what: 'VM', ref: 'y1', because: 'case is nothing' }),
    "There is already a VM 'y1': case is nothing.",
  ],
  [invalid('name', 'is missing.'), 'name: is missing.'],
])('says it in one sentence: %s', (error, words) => {
  expect(error.message).toBe(words);
});
