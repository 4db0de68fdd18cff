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

it.each([['config:\npools:\nredis:\n'], ['pools: []\n'], ['']])('takes %j for a file that asks for nothing', (text) => {
  expect(readPoolFile(text)).toEqual({ settings: {}, pools: [], ignored: [], mistakes: [] });
});

it('takes numbers for the texts and texts for the numbers that they mean', () => {
  const { pools } = readPoolFile('pools: [{name: 2016, size: "3", alias: 16, template: 5, clone_target:}]');
  const keys = { name: '2016', size: 3, alias: ['16'], template: '5' };
  expect(pools).toEqual([{ where: 'pools.2016', keys, unread: [] }]);
});

it('says of retries of one VM that they are not used: pools count their own failures', () => {
  expect(readPoolFile('config: {max_vm_retries: 3}').ignored).toEqual(['config.max_vm_retries']);
});

/** Each line has the one before ten times. */
const EXCESSIVE = [
  'a: &a [1, 1]',
  ...['ba', 'cb', 'dc'].map(([to, of]) => `${to}: &${to} [${Array(10).fill(`*${of}`)}]`),
].join('\n');

it.each([
  ['pools: [{name: a, size: true}]', 'pools.a.size', 'must be a number.'],
  ['pools: [{name: a, size: 1.5}]', 'pools.a.size', 'must be a whole number of at least 0.'],
  ['pools: [{name: a, size: -1}]', 'pools.a.size', 'must be a whole number of at least 0.'],
  ['pools: [{name: a}]', 'pools.a.size', 'is missing.'],
  ['pools: [{name:, size: 1}]', 'pools.#1.name', 'is missing.'],
  ['pools: [{name: [a], size: 1}]', 'pools.#1.name', 'must be a text.'],
  ['pools: [{name: a, size: 1, alias: {b: c}}]', 'pools.a.alias', 'must be a text or a list of texts.'],
  ['pools: [{name: a, size: 1, timeout: 0}]', 'pools.a.timeout', 'must be a whole number of at least 1.'],
  ['pools: {a: 1}', 'pools', 'must be a list of pools.'],
  ['pools: [5]', 'pools.#1', 'must be a mapping of keys to values.'],
  ['config: 5', 'config', 'must be a mapping of keys to values.'],
  ['pools: [{name: a, size: "x"}]', 'pools.a.size', 'must be a number.'],
  [`pools: [{name: a, size: "${'9'.repeat(400)}"}]`, 'pools.a.size', 'must be a whole number of at least 0.'],
  ['config: {backend_weight: {a: -1}}', 'config.backend_weight.a', 'must be a number of at least 0.'],
  ['config: {backend_weight: {a: .inf}}', 'config.backend_weight.a', 'must be a number.'],
  ['config: {vm_lifetime: 100001}', 'config.vm_lifetime', 'must be a whole number from 1 to 100000.'],
  ['config: {vm_lifetime_auth: 100001}', 'config.vm_lifetime_auth', 'must be a whole number from 0 to 100000.'],
  ['config: {timeout: 1000001}', 'config.timeout', 'must be a whole number from 1 to 1000000.'],
  ['config: {ready_ttl: 1e300}', 'config.ready_ttl', 'must be a whole number from 0 to 1000000.'],
  ['config: {task_limit: 1001}', 'config.task_limit', 'must be a whole number from 1 to 1000.'],
  ['redis: {data_ttl: 100001}', 'redis.data_ttl', 'must be a whole number from 1 to 100000.'],
  ['config: {domain: "a b"}', 'config.domain', 'must be a domain name, like delivery.example.com.'],
  ['config: {experimental_features: perhaps}', 'config.experimental_features', 'must be true or false.'],
  ['config: {tagfilter: {url: "("}}', 'config.tagfilter.url', "'(' is no regular expression."],
  ['5', 'file', 'must be a mapping of keys to values.'],
  ['[]', 'file', 'must be a mapping of keys to values.'],
])('refuses %j, naming %s', (text, field, why) => {
  expect(readPoolFile(text).mistakes).toEqual([{ field, why }]);
});

it.each([
  [':pools: []\npools: []', 'pools'],
  [':config: {}\nconfig: {}', 'config'],
  ['config: {vm_lifetime: 1, :vm_lifetime: 2}', 'config.vm_lifetime'],
  ['config: {tagfilter: {a: x, :a: y}}', 'config.tagfilter.a'],
  ['pools: [{name: a, size: 0, :size: 4}]', 'pools.a.size'],
  ['pools: [{:name: a, name: b, size: 1}]', 'pools.b.name'],
  ['pools: [{:name: a, :size: 1, provider: {:a: 1, a: 1}}]', 'pools.a.provider.a'],
])('refuses %j: with the colon and without, a key is there twice', (text, field) => {
  const { mistakes } = readPoolFile(text);
  expect(mistakes).toEqual([{ field, why: 'is there twice, with and without a colon before it.' }]);
});

it('takes a key that is empty with the colon and not without, or the other way round, for one', () => {
  const { pools, mistakes } = readPoolFile(':pools:\npools: [{name: a, size: 4, :size:}]');
  expect([pools[0]?.keys, mistakes]).toEqual([{ name: 'a', size: 4 }, []]);
});

it.each([
  ['config: *x', expect.stringMatching(/^cannot be read as YAML: .*: x$/)],
  ['config: &a {tagfilter: *a}', 'cannot be read as YAML: An alias leads back to itself.'],
  ['<<: 5', expect.stringMatching(/^cannot be read as YAML: Merge sources/)],
  [EXCESSIVE, expect.stringMatching(/^cannot be read as YAML: Excessive alias count/)],
  ['['.repeat(20_000), expect.stringMatching(/^cannot be read as YAML: /)],
  [
    'pools: []\n---\npools: []\n',
    'cannot be read as YAML: It holds more than one document (--- begins another): one document per file.',
  ],
  ['a: 1\na: 2', 'cannot be read as YAML: Map keys must be unique at line 2, column 1'],
  ['] '.repeat(9), expect.stringMatching(/^[^\n]*(; [^\n]*){2}; and \d+ more$/)],
  ['a: [\nb: "', expect.stringMatching(/^cannot be read as YAML: [^\n]* at line 2, [^\n]* at line /)],
])('refuses what is no YAML that it can read (%$)', (text, why) => {
  const fault = expect.objectContaining({ field: 'file', why });
  expect(() => readPoolFile(text)).toThrow(expect.objectContaining({ fault }));
});
