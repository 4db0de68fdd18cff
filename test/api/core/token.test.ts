import { afterEach, beforeEach, expect, it } from 'vitest';
import { ADMIN, type Cluster, cluster, rowsOf } from './cluster.ts';

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
});
afterEach(() => c.close());

const NEW = { description: 'ci', role: 'user', tenant: 'team' } as const;
const PRINCIPAL = { account: 'ci', role: 'user', tenant: 'team' };

it('shows a token once and keeps its hash alone', async () => {
  const { token, id } = await c.services.tokens.create(ADMIN, NEW);
  expect(await c.services.tokens.authenticate(token)).toEqual(PRINCIPAL);
  expect(await c.services.tokens.authenticate(`${token}x`)).toBeNull();
  expect(await c.services.tokens.authenticate('')).toBeNull();
  expect(rowsOf(c.file)).not.toContain(token);
  expect(JSON.stringify(await c.services.tokens.list(ADMIN))).not.toMatch(/hash|token/);
  await c.services.tokens.remove(ADMIN, id);
  expect(await c.services.tokens.authenticate(token)).toBeNull();
  await expect(c.services.tokens.remove(ADMIN, id)).rejects.toMatchObject({ fault: { kind: 'not-found' } });
});

it('has sessions that end by logout, by time, and with their token', async () => {
  const { tokens } = c.services;
  const { token, id } = await tokens.create(ADMIN, NEW);
  expect(await tokens.login('wrong')).toBeNull();
  const [one, two] = [(await tokens.login(token))!, (await tokens.login(token))!];
  expect(one).not.toBe(two);
  expect(rowsOf(c.file)).not.toContain(one);
  expect(await tokens.session(one)).toEqual(PRINCIPAL);
  await tokens.logout(one);
  expect(await tokens.session(one)).toBeNull();
  expect(await tokens.session(two)).toEqual(PRINCIPAL);
  await tokens.remove(ADMIN, id);
  expect(await tokens.session(two)).toBeNull();
  const short = await cluster({ sessionMs: -1 });
  const late = await short.services.tokens.create(ADMIN, NEW);
  expect(await short.services.tokens.session((await short.services.tokens.login(late.token))!)).toBeNull();
  await short.close();
});

it.each([
  ['a viewer', { ...ADMIN, role: 'viewer' as const }, NEW, 'forbidden'],
  ['a user', { ...ADMIN, role: 'user' as const }, NEW, 'forbidden'],
  ['no description', ADMIN, { ...NEW, description: '' }, 'invalid'],
  ['no tenant', ADMIN, { ...NEW, tenant: '' }, 'invalid'],
  ['an unknown role', ADMIN, { ...NEW, role: 'god' as never }, 'invalid'],
])('makes no token for %s', async (_, who, token, kind) => {
  await expect(c.services.tokens.create(who, token)).rejects.toMatchObject({ fault: { kind } });
});
