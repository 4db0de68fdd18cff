import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN } from '../../api/core/cluster.ts';
import { poolWish } from '../../pool-rows.ts';
import { type Fixture, makeFixture, type Pooler, pooler } from './world.ts';

let fixture: Fixture;
let at: Pooler;
beforeAll(async () => {
  fixture = await makeFixture();
  at = await pooler(fixture, false);
});
afterAll(async () => {
  await at.close();
  fixture.remove();
});

const ask = async (method: string, path: string, document?: string) => {
  const answer = await fetch(`${at.alone}${path}`, { method, ...(document === undefined ? {} : { body: document }) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

/** What every object of JavaScript has. */
describe.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty'])('a pool called %s', (name) => {
  beforeAll(async () => {
    const { profile } = await at.services.pools.get('centos-6-x86_64');
    await at.services.pools.create(ADMIN, poolWish({ name, profile, size: 1, aliases: [`${name}.alias`] }));
  });

  it('is a pool like any other in every answer', async () => {
    const [status, stat, config] = [
      await ask('GET', '/status'),
      await ask('GET', `/poolstat?pool=${name}`),
      await ask('GET', '/config'),
    ];
    expect((status.body.pools as Record<string, unknown>)[name]).toMatchObject({ ready: 0, max: 1 });
    expect(stat.body).toEqual({ pools: { [name]: { max: 1, alias: `${name}.alias`, ready: 0 } } });
    expect(config.body.pool_configuration).toContainEqual(expect.objectContaining({ name, size: 1 }));
    expect(await ask('POST', '/config/poolsize', JSON.stringify({ [name]: 2 }))).toMatchObject({ status: 201 });
    expect(await ask('DELETE', `/config/poolsize/${name}`)).toMatchObject({ status: 201 });
    expect(await ask('POST', '/config/clonetarget', JSON.stringify({ [name]: name }))).toMatchObject({ status: 201 });
  });

  it('is checked out, and waited for beside others', async () => {
    expect(await ask('POST', `/vm/${name}`)).toEqual({ status: 503, body: { ok: false } });
    const [waiting, behind] = [ask('POST', `/vm/${name}?wait=0.3`), ask('POST', `/vm/${name}.alias?wait=0.2`)];
    expect(await ask('POST', `/vm/${name}`)).toEqual({ status: 503, body: { ok: false } });
    expect([(await waiting).status, (await behind).status]).toEqual([503, 503]);
  });
});

it.each(['__proto__', 'constructor.prototype', 'isPrototypeOf'])('%s is no pool', async (name) => {
  for (const path of [`/vm/${name}`, `/vm/${name}?wait=1`, `/ondemandvm/${name}`])
    expect(await ask('POST', path)).toMatchObject({ status: 404 });
  expect(await ask('POST', '/vm', `{"${name}": 1}`)).toMatchObject({ status: 404 });
  expect(await ask('POST', '/poolreset', `{"${name}": 1}`)).toMatchObject({ status: 400, body: { bad_pools: [name] } });
});

it('takes tags called like what every object has', async () => {
  const { free = '' } = fixture.names;
  const tags = { constructor: 'me', toString: 'you' };
  expect(await ask('PUT', `/vm/${free}`, JSON.stringify({ tags }))).toEqual({ status: 200, body: { ok: true } });
  expect((await at.services.poolVms.get(free)).tags).toMatchObject(tags);
});
