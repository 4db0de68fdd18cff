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
  [{ siez: 3 }, 'body: names nothing to change.'],
])('PUT /pool/ci of %j is refused, not said to have changed', async (body, why) => {
  const before = await pool();
  const response = await send('PUT', '/pool/ci', body);
  expect(response.ok).toBe(false);
  expect(((await response.json()) as { message: string }).message).toContain(why);
  expect(await pool()).toEqual(before);
});

it('clears by null what may be cleared, and takes the name that it has', async () => {
  const response = await send('PUT', '/pool/ci', { name: 'ci', lifetime: null, size: 3 });
  expect(response.status).toBe(200);
  expect(await pool()).toMatchObject({ name: 'ci', lifetime: null, size: 3 });
});
