import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Served, served, TOKEN } from '../served.ts';

let at: Served;
beforeAll(async () => {
  at = await served();
});
afterAll(() => at.close());

const PATH = '/api/v1/pool-settings';
const headers = { 'X-Api-Key': TOKEN, 'Content-Type': 'application/json' };
const put = async (body: unknown, more = {}) =>
  fetch(`${at.origin}${PATH}`, { method: 'PUT', headers: { ...headers, ...more }, body: JSON.stringify(body) });
const get = async () => (await (await fetch(`${at.origin}${PATH}`, { headers })).json()) as object;

it('changes what is said, and nothing else; what is empty is the default again', async () => {
  const before = await get();
  const change = { vm_lifetime: 12, allowed_tags: ['user'], tagfilter: { url: '(.*)/' }, backend_weight: { a: 2 } };
  expect((await put(change)).status).toBe(200);
  expect(await get()).toEqual({ ...before, ...change });
  expect((await put({ vm_lifetime: '', allowed_tags: [''], tagfilter: '', backend_weight: '' })).status).toBe(200);
  expect(await get()).toEqual(before);
});

it('takes back the document that it shows: null is the default, as where it is shown', async () => {
  const before = await get();
  const change = { domain: 'company.com', max_lifetime_upper_limit: 12, allowed_tags: ['user'], vm_lifetime: 3 };
  expect((await put(change)).status).toBe(200);
  expect((await put({ domain: null })).status).toBe(200);
  expect(await get()).toEqual({ ...before, ...change, domain: null });
  const response = await put(before);
  expect([response.status, await response.json()]).toEqual([200, { message: 'Changed the settings of VM pools.' }]);
  expect(await get()).toEqual(before);
});

it('refuses what names nothing to change, as a pool does', async () => {
  for (const path of ['pool-settings', 'pool/ci']) {
    const refused = await fetch(`${at.origin}/api/v1/${path}`, { method: 'PUT', headers, body: '{}' });
    expect([path, refused.status, await refused.json()]).toEqual([
      path,
      510,
      { message: 'body: names nothing to change.' },
    ]);
  }
});

it('names every setting that cannot be, and changes none', async () => {
  const before = await get();
  const refused = await put({ vm_lifetime: 0, task_limit: 'x', site_name: 'Ours' });
  expect(await refused.json()).toEqual({
    message: 'task_limit: must be a number. vm_lifetime: must be a whole number from 1 to 100000.',
  });
  expect(await get()).toEqual(before);
});

it("is administrators' to change, and anybody's with a token to read", async () => {
  const principal = { account: 'root', tenant: 'default', role: 'admin' } as const;
  const { token } = await at.services.tokens.create(principal, { role: 'user', tenant: 'default', description: 'it' });
  const refused = await put({ vm_lifetime: 3 }, { 'X-Api-Key': token });
  expect(refused.headers.get('x-slipway-fault')).toBe('forbidden');
  expect((await fetch(`${at.origin}${PATH}`, { headers: { 'X-Api-Key': token } })).status).toBe(200);
  expect((await fetch(`${at.origin}${PATH}`)).status).toBe(401);
});
