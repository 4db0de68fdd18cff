import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dummy } from '../../../api/accounts/dummy.ts';
import type { LoginSource } from '../../../api/core/account.ts';
import { keepAdministrators } from '../../../cli/process/accounts.ts';
import { unavailable } from '../../../domain/fault.ts';
import { setAdministrators, touchToken } from '../../../store/token.ts';
import { ADMIN, type Cluster, cluster, coreOver, rowsOf } from './cluster.ts';

const FROM: LoginSource = { address: '10.0.0.1', signal: new AbortController().signal };
const JDOE = { account: 'jdoe', tenant: 'default', role: 'user' } as const;

let c: Cluster;
beforeEach(async () => {
  c = await cluster({}, { store: dummy(), admins: ['Boss'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await c.close();
});

describe('a login', () => {
  it.each([
    ['jdoe', 'x', JDOE],
    [' JDoe', 'x', JDOE],
    ['boss', 'x', { account: 'boss', tenant: 'default', role: 'admin' }],
    ['BOSS', 'x', { account: 'boss', tenant: 'default', role: 'admin' }],
    ['jdoe', 'jdoe', null],
    ['jdoe', '', null],
    ['', 'x', null],
    ['a\0b', 'x', null],
  ])('of %j with %j', async (user, password, principal) => {
    expect(await c.services.accounts.login(user, password, FROM)).toEqual(principal);
  });

  it('that fails is logged with its name and address, without the password', async () => {
    await c.services.accounts.login('sesame', 'sesame', FROM);
    expect(c.warnings).toEqual([{ user: 'sesame', address: '10.0.0.1' }]);
  });

  it('is refused after too many failures, also with the right password', async () => {
    for (let i = 0; i < 10; i += 1) expect(await c.services.accounts.login('JDoe', 'jdoe', FROM)).toBeNull();
    const asked = c.services.accounts.login('jdoe', 'right', { ...FROM, address: '10.9.9.9' });
    await expect(asked).rejects.toMatchObject({
      fault: { kind: 'unauthorized', why: expect.stringMatching(/Too many/) },
    });
  });

  it('that succeeds is not counted', async () => {
    for (let i = 0; i < 70; i += 1) expect(await c.services.accounts.login('jdoe', 'x', FROM)).toEqual(JDOE);
  });

  it('is not counted while the store cannot be asked, and says so', async () => {
    const store = { authenticate: () => Promise.reject(unavailable('The directory is down.')) };
    const { accounts } = coreOver(c.store, c.jobs, { warn: () => undefined }, {}, { store });
    for (let i = 0; i < 20; i += 1) {
      await expect(accounts.login('jdoe', 'x', FROM)).rejects.toMatchObject({ fault: { kind: 'unavailable' } });
    }
  });

  it('is refused without an authentication store', async () => {
    const { accounts } = coreOver(c.store, c.jobs, { warn: () => undefined });
    expect([accounts.configured, c.services.accounts.configured]).toEqual([false, true]);
    await expect(accounts.login('jdoe', 'x', FROM)).rejects.toMatchObject({ fault: { kind: 'conflict' } });
  });
});

describe('a token that somebody issues', () => {
  it('is a letter and 31 letters or digits, and never the same', async () => {
    const tokens = await Promise.all(Array.from({ length: 50 }, () => c.services.accounts.issue(JDOE)));
    for (const token of tokens) expect(token).toMatch(/^[a-z][a-z0-9]{31}$/);
    expect(new Set(tokens).size).toBe(50);
  });

  it('is a key like any other, and theirs', async () => {
    const token = await c.services.accounts.issue(JDOE);
    expect(await c.services.tokens.authenticate(token)).toEqual(JDOE);
    const { principal, user, tokenId } = (await c.services.accounts.principalOf(token))!;
    expect({ principal, user }).toEqual({ principal: JDOE, user: 'jdoe' });
    expect(await c.services.accounts.describe(token)).toMatchObject({ id: tokenId, user: 'jdoe' });
    const session = await c.services.tokens.login(token);
    expect(await c.services.tokens.session(session!)).toEqual(JDOE);
  });

  it('stands nowhere in the clear, and is shown to its owner alone', async () => {
    const token = await c.services.accounts.issue(JDOE);
    expect(rowsOf(c.file)).not.toContain(token);
    expect(JSON.stringify(await c.services.tokens.list(ADMIN))).not.toMatch(/sealed|hash/);
    expect((await c.services.accounts.ownTokens(JDOE)).map((one) => one.token)).toEqual([token]);
    expect(await c.services.accounts.ownTokens({ ...JDOE, account: 'other' })).toEqual([]);
    expect(await c.services.accounts.ownTokens(ADMIN)).toEqual([]);
  });

  it('goes on working where its text can no longer be shown', async () => {
    const token = await c.services.accounts.issue(JDOE);
    const warnings: object[] = [];
    const log = { warn: (fields: object) => void warnings.push(fields) };
    const { accounts } = coreOver(c.store, c.jobs, log, {}, { key: Buffer.alloc(32, 9) });
    expect(await accounts.ownTokens(JDOE)).toEqual([]);
    expect(warnings).toMatchObject([{ token: expect.any(String) }]);
    expect(await accounts.principalOf(token)).toMatchObject({ user: 'jdoe' });
  });

  it('is revoked by whoever knows it, once', async () => {
    const token = await c.services.accounts.issue(JDOE);
    const other = { ...JDOE, account: 'other' };
    expect(await c.services.accounts.revoke(other, `${token.slice(0, -1)}-`)).toBe(false);
    expect(await c.services.accounts.revoke(other, token)).toBe(true);
    expect(await c.services.accounts.revoke(other, token)).toBe(false);
    for (const ask of ['principalOf', 'describe'] as const) expect(await c.services.accounts[ask](token)).toBeNull();
    expect(await c.services.tokens.authenticate(token)).toBeNull();
    expect(await c.services.accounts.ownTokens(JDOE)).toEqual([]);
  });

  it.each(['issue', 'revoke'] as const)('is nothing for those who may only look: %s', async (action) => {
    const asked = c.services.accounts[action]({ ...JDOE, role: 'viewer' }, 'x');
    await expect(asked).rejects.toMatchObject({ fault: { kind: 'forbidden' } });
  });

  it('goes with its owner', async () => {
    await c.services.users.create(ADMIN, { name: 'jdoe', password: 'jdoe-secret', role: 'user' });
    const [token, others] = [
      await c.services.accounts.issue(JDOE),
      await c.services.accounts.issue({ ...JDOE, account: 'x' }),
    ];
    await c.services.users.remove(ADMIN, 'jdoe');
    expect(await c.services.accounts.principalOf(token)).toBeNull();
    expect(await c.services.accounts.principalOf(others)).not.toBeNull();
  });

  it("has the role that its owner has at the installation's next start", async () => {
    const token = await c.services.accounts.issue(JDOE);
    const operators = await c.services.tokens.create(ADMIN, { description: 'ci', role: 'admin', tenant: 'default' });
    const roleAfter = async (config: Parameters<typeof keepAdministrators>[1]) => {
      await keepAdministrators(c.store, config);
      return (await c.services.tokens.authenticate(token))?.role;
    };
    expect(await roleAfter({ provider: 'ldap', admins: ['JDoe'] })).toBe('admin');
    expect(await roleAfter({ provider: 'ldap', admins: ['boss'] })).toBe('user');
    await c.services.users.create(ADMIN, { name: 'jdoe', password: 'jdoe-secret', role: 'admin' });
    expect(await roleAfter({ provider: 'ldap', admins: [] })).toBe('user');
    expect(await roleAfter({ provider: 'users', admins: [] })).toBe('admin');
    await c.store.write((tx) => setAdministrators(tx, []));
    expect((await c.services.tokens.authenticate(operators.token))?.role).toBe('admin');
  });
});

describe('the time of the last use', () => {
  const lastUse = async (token: string) => {
    await c.settled();
    return (await c.services.accounts.describe(token))?.lastUsedAt;
  };

  it('is unknown at first, and not moved by asking about it', async () => {
    const token = await c.services.accounts.issue(JDOE);
    expect(await lastUse(token)).toBeNull();
    expect(await c.services.accounts.ownTokens(JDOE)).toMatchObject([{ lastUsedAt: null }]);
    expect(await lastUse(token)).toBeNull();
  });

  it('is kept by every way to use it, and written at most once a second', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const at = (ms: number) => vi.setSystemTime(1_800_000_000_000 + ms);
    at(0);
    const token = await c.services.accounts.issue(JDOE);
    const write = vi.spyOn(c.store, 'write');
    for (let i = 0; i < 100; i += 1) await c.services.accounts.principalOf(token);
    for (let i = 0; i < 100; i += 1) await c.services.tokens.authenticate(token);
    expect(write).toHaveBeenCalledTimes(1);
    expect(await lastUse(token)).toBe(1_800_000_000_000);
    at(999);
    await c.services.accounts.principalOf(token);
    expect(await lastUse(token)).toBe(1_800_000_000_000);
    at(1000);
    await c.services.tokens.authenticate(token);
    expect(await lastUse(token)).toBe(1_800_000_001_000);
    expect(await c.services.tokens.list(ADMIN)).toMatchObject([{ user: 'jdoe', lastUsedAt: 1_800_000_001_000 }]);
  });

  it("can be marked inside a caller's own transaction, and never goes back", async () => {
    const token = await c.services.accounts.issue(JDOE);
    const { id } = (await c.services.accounts.describe(token))!;
    await c.store.write((tx) => touchToken(tx, id, 5000));
    expect(await lastUse(token)).toBe(5000);
    await c.store.write((tx) => touchToken(tx, id, 4000));
    expect(await lastUse(token)).toBe(5000);
    await expect(
      c.store.write(async (tx) => {
        await touchToken(tx, id, 6000);
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    expect(await lastUse(token)).toBe(5000);
  });
});
