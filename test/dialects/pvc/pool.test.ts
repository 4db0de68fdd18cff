import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Served, served, TOKEN } from '../served.ts';
import { type Fixture, makeFixture } from './fixture.ts';

let at: Served;
let fixture: Fixture;
const send = (method: string, path: string, body: unknown) =>
  fetch(`${at.origin}/api/v1${path}`, {
    ...{ method, body: JSON.stringify(body) },
    headers: { 'X-Api-Key': TOKEN, 'Content-Type': 'application/json' },
  });
const pool = async () => {
  const response = await fetch(`${at.origin}/api/v1/pool/ci`, { headers: { 'X-Api-Key': TOKEN } });
  return ((await response.json()) as object[])[0];
};

beforeAll(async () => {
  fixture = await makeFixture();
  at = await served({}, {}, fixture.file);
  expect((await send('PUT', '/pool/ci', { lifetime: 3 })).status).toBe(200);
});
afterAll(async () => {
  await at.close();
  fixture.remove();
});

it.each([
  [{ size: null }, 'size: must be a whole number'],
  [{ size: '' }, 'size: must be a whole number'],
  [{ profile: null }, 'profile: '],
  [{ template: '' }, 'template: must not be empty.'],
  [{ alias: null }, 'alias'],
  [{ name: 'other', size: 3 }, "name: is 'ci' in the path"],
  [{ name: null, size: 3 }, "name: is 'ci' in the path"],
  [{}, 'body: names nothing to change.'],
  [{ siez: 3, size: 4 }, 'siez: is not known here.'],
])('PUT /pool/ci of %j is refused, not said to have changed', async (body, why) => {
  const before = await pool();
  const response = await send('PUT', '/pool/ci', body);
  expect(response.ok).toBe(false);
  expect(((await response.json()) as { message: string }).message).toContain(why);
  expect(await pool()).toEqual(before);
});

it.each([
  [
    'POST',
    '/pool',
    { name: 'new', profile: 'web', size: 1, aliases: ['x'], foo: 1 },
    'aliases: is not known here. foo: is not known here.',
  ],
  ['POST', '/pool/new?foo=1', { profile: 'web', size: 1 }, 'foo: is not known here.'],
  ['POST', '/pool-import', { file: 'pools: []', dry: true }, 'dry: is not known here.'],
  ['PUT', '/pool-settings', { vm_lifetme: 1 }, 'vm_lifetme: is not known here.'],
  ['PUT', '/pool-settings?vm_lifetme=1', { vm_lifetime: 7 }, 'vm_lifetme: is not known here.'],
  ['DELETE', '/pool/ci?force=1', {}, 'force: is not known here.'],
])('%s %s of %j is refused, naming what is not known', async (method, path, body, message) => {
  const settings = async () => (await send('GET', '/pool-settings', undefined)).json();
  const before = await settings();
  const response = await send(method, path, body);
  expect([response.status, await response.json()]).toEqual([510, { message }]);
  expect(await settings()).toEqual(before);
  expect((await send('GET', '/pool/new', undefined)).ok).toBe(false);
});

it('clears by null what may be cleared, and takes the name that it has', async () => {
  const response = await send('PUT', '/pool/ci', { name: 'ci', lifetime: null, size: 3 });
  expect(response.status).toBe(200);
  expect(await pool()).toMatchObject({ name: 'ci', lifetime: null, size: 3 });
});

it('takes back the document that it shows: what was changed in it, and no more', async () => {
  const before = (await pool()) as object;
  const change = { arguments: ['size=2', 'url=a=b'], ready_ttl: 7, alias: [] };
  expect((await send('PUT', '/pool/ci', { ...before, ...change, ready: 99, last_error: 'edited' })).status).toBe(200);
  expect(await pool()).toEqual({ ...before, ...change });
  const alone = await send('PUT', '/pool/ci', { ready: 99 });
  expect(await alone.json()).toEqual({ message: 'body: names nothing to change.' });
});
