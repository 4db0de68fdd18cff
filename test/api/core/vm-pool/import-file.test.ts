import { expect, it } from 'vitest';
import { readPoolFile } from '../../../../api/core/vm-pool/import-file.ts';

it.each([
  [':tagfilter:\n  url: "(.*)/"\n', { tagFilters: { url: '(.*)/' } }],
  ['config:\n  tagfilter: {url: "x"}\n', { tagFilters: { url: 'x' } }],
  ['config: {max_lifetime_upper_limit: 0, vm_lifetime_auth: 0}', { maxLifetimeHours: null, lifetimeAuthHours: null }],
  ['config: {allowed_tags: []}', { allowedTags: null }],
  [':config:\n  :vm_lifetime: "12"\n:redis:\n  data_ttl: 24\n', { lifetimeHours: 12, dataTtlHours: 24 }],
])('reads %j', (text, settings) => {
  expect(readPoolFile(text).settings).toEqual(settings);
});
