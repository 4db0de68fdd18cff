import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { users } from '../../../api/accounts/users.ts';
import { isPassword, NOBODYS_PASSWORD } from '../../../api/core/password.ts';
import { ADMIN, type Cluster, cluster, rowsOf } from './cluster.ts';

let c: Cluster;
const begin = async () => {
  c = await cluster();
};
const end = () => c.close();

const NEW = { name: 'jdoe', password: 'jdoe-secret', role: 'user' } as const;
const NO_ABORT = new AbortController().signal;
const login = (user: string, password: string) => users(c.store).authenticate(user, password, NO_ABORT);

it('shows those for administrators whom the configuration names, whatever the table has', async () => {
  const at = await cluster({}, { admins: ['JDoe'] });
  expect(await at.services.users.create(ADMIN, NEW)).toMatchObject({ role: 'admin' });
  await at.services.users.create(ADMIN, { ...NEW, name: 'other' });
  expect((await at.services.users.list(ADMIN)).map(({ name, role }) => [name, role])).toEqual([
    ['jdoe', 'admin'],
    ['other', 'user'],
  ]);
  await at.close();
});

const user = { ...ADMIN, role: 'user' } as const;

describe('people', () => {
  beforeEach(begin);
  afterEach(end);

  it('keeps people, their roles, and no password', async () => {
    const made = await c.services.users.create(ADMIN, { ...NEW, name: ' JDoe' });
    await c.services.users.create(ADMIN, { ...NEW, name: 'boss', role: 'admin' });
    expect(made).toEqual({ name: 'jdoe', role: 'user', createdAt: expect.any(Number) });
    expect((await c.services.users.list(ADMIN)).map(({ name, role }) => [name, role])).toEqual([
      ['boss', 'admin'],
      ['jdoe', 'user'],
    ]);
    expect(JSON.stringify(await c.services.users.list(ADMIN))).not.toMatch(/scrypt|secret/);
    expect(rowsOf(c.file)).not.toContain('secret');
    expect(await login('jdoe', 'jdoe-secret')).toEqual({ user: 'jdoe', admin: false });
    expect(await login('boss', 'jdoe-secret')).toEqual({ user: 'boss', admin: true });
  });

  it('hashes each password with a salt of its own', async () => {
    await c.services.users.create(ADMIN, NEW);
    await c.services.users.create(ADMIN, { ...NEW, name: 'twin' });
    const hashes = rowsOf(c.file).match(/scrypt\$32768\$8\$3\$[^"]+/g) ?? [];
    expect(new Set(hashes).size).toBe(2);
  });

  it('works as hard for people who do not exist', async () => {
    await c.services.users.create(ADMIN, NEW);
    const cost = (hashed: string) => hashed.split('$').slice(0, 4).join('$');
    const [hashed = ''] = rowsOf(c.file).match(/scrypt\$[^"]+/) ?? [];
    expect(cost(NOBODYS_PASSWORD)).toBe(cost(hashed));
    expect(await isPassword('', NOBODYS_PASSWORD)).toBe(false);
    // The time itself: hundreds of milliseconds, not one.
    const began = performance.now();
    await login('nobody', 'x');
    expect(performance.now() - began).toBeGreaterThan(20);
  });

  it('changes passwords and removes people', async () => {
    await c.services.users.create(ADMIN, NEW);
    await c.services.users.changePassword(ADMIN, 'JDOE', 'other-secret');
    expect(await login('jdoe', 'jdoe-secret')).toBeNull();
    expect(await login('jdoe', 'other-secret')).not.toBeNull();
    await c.services.users.remove(ADMIN, 'JDOE');
    expect(await login('jdoe', 'other-secret')).toBeNull();
    expect(await c.services.users.list(ADMIN)).toEqual([]);
  });
});

describe('with jdoe', () => {
  beforeAll(async () => {
    await begin();
    await c.services.users.create(ADMIN, NEW);
  });
  afterAll(end);

  it.each([
    ['a wrong password', 'jdoe', 'jdoe-secreT'],
    ['no password', 'jdoe', ''],
    ['a longer password', 'jdoe', 'jdoe-secret '],
    ['nobody', 'nobody', 'jdoe-secret'],
    ['nobody without a password', 'nobody', ''],
  ])('lets nobody in with %s', async (_, user, password) => {
    expect(await login(user, password)).toBeNull();
  });

  it.each<[string, (services: Cluster['services']) => Promise<unknown>, string]>([
    ['a list for a user', (s) => s.users.list(user), 'forbidden'],
    ['a new one for a user', (s) => s.users.create(user, { ...NEW, name: 'x' }), 'forbidden'],
    ['a password for a user', (s) => s.users.changePassword(user, 'jdoe', 'other-secret'), 'forbidden'],
    ['a removal for a user', (s) => s.users.remove(user, 'jdoe'), 'forbidden'],
    ['the same name again', (s) => s.users.create(ADMIN, { ...NEW, name: 'JDOE' }), 'exists'],
    ['a name with a comma', (s) => s.users.create(ADMIN, { ...NEW, name: 'a,b' }), 'invalid'],
    ['a name with a colon', (s) => s.users.create(ADMIN, { ...NEW, name: 'a:b' }), 'invalid'],
    ['no name', (s) => s.users.create(ADMIN, { ...NEW, name: '' }), 'invalid'],
    ['a short password', (s) => s.users.create(ADMIN, { ...NEW, name: 'x', password: '1234567' }), 'invalid'],
    ['a long password', (s) => s.users.changePassword(ADMIN, 'jdoe', 'x'.repeat(1025)), 'invalid'],
    ['a password of nobody', (s) => s.users.changePassword(ADMIN, 'nobody', 'other-secret'), 'not-found'],
    ['a removal of nobody', (s) => s.users.remove(ADMIN, 'nobody'), 'not-found'],
  ])('refuses %s', async (_, ask, kind) => {
    await expect(ask(c.services)).rejects.toMatchObject({ fault: { kind } });
  });
});
