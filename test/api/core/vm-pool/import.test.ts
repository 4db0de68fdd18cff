import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN } from '../cluster.ts';
import { type Pooled, pooled } from './pooled.ts';

let at: Pooled;
beforeAll(async () => {
  at = await pooled();
});
afterAll(() => at.close());

const take = (text: string) => at.services.pools.import(ADMIN, text);

const WRONG = `
config: {vm_lifetime: many, default_profile: nope}
redis: {data_ttl: 0}
pools:
  - {name: one, size: x, profile: absent, lifetime: 9, max_lifetime: 8}
  - {size: 2, profile: web, alias: [ok]}
  - {name: one, size: 10001, profile: web, probe_port: 70000, arguments: [a]}
  - {name: lost, size: 1, template: nowhere}
  - 5
`;

it('names every mistake of a file at once, each by its pool and key, and changes nothing', async () => {
  const before = await at.services.pools.settings();
  const refusal = await take(WRONG).then(
    () => null,
    (error: Error) => error.message,
  );
  expect(refusal?.split(/(?<=\.) /)).toEqual([
    'config.vm_lifetime: must be a number.',
    'redis.data_ttl: must be a whole number from 1 to 100000.',
    'pools.one.size: must be a number.',
    'pools.#2.name: is missing.',
    'pools.#5: must be a mapping of keys to values.',
    "config.default_profile: there is no profile 'nope'.",
    'pools.one.name: is there twice.',
    'pools.one.lifetime: must not be above 8, the most that this pool allows.',
    "pools.one.profile: there is no profile 'absent'.",
    "pools.#2.alias: 'ok' means something else in answers.",
    'pools.one.size: must be a whole number from 0 to 10000.',
    'pools.one.probe_port: must be a whole number from 1 to 65535.',
    "pools.one.arguments: 'a' is not like name=value.",
    'pools.lost.profile: names none of the profiles (web), and there is no default one.',
  ]);
  expect(await at.services.pools.list()).toEqual([]);
  expect(await at.services.pools.settings()).toEqual(before);
});

it('says how many mistakes it does not name', async () => {
  const pools = Array.from({ length: 60 }, (_, n) => `  - {name: p${n}, profile: web}`).join('\n');
  await expect(take(`pools:\n${pools}`)).rejects.toThrow(
    /^pools\.p0\.size: .* pools\.p49\.size: is missing\. And 10 more\.$/,
  );
});

it('takes a general lifetime above the limit, as vmpooler does: that bounds what people ask for', async () => {
  const report = await take('config: {vm_lifetime: 48, max_lifetime_upper_limit: 24}\nredis: {data_ttl: 24}');
  expect(report).toEqual({ pools: [], settings: ['vm_lifetime', 'max_lifetime_upper_limit', 'data_ttl'], ignored: [] });
});

it('takes a lifetime that is the most a pool allows', async () => {
  const report = await take('pools: [{name: a, size: 0, profile: web, lifetime: 8, max_lifetime: 8}]');
  expect(report.pools).toMatchObject([{ name: 'a', done: 'created' }]);
});
