import { randomUUID } from 'node:crypto';
import { type AuthenticationStore, accountName } from '../../domain/accounts.ts';
import { conflict, DomainError } from '../../domain/fault.ts';
import { DEFAULT_TENANT, type Principal } from '../../domain/principal.ts';
import { deleteToken, insertToken, listTokensOf, type TokenRow } from '../../store/token.ts';
import { mustAct } from './authorize.ts';
import { loginLimit } from './login-limit.ts';
import type { CoreParts } from './parts.ts';
import { sealOf } from './seal.ts';
import { freshToken, hashOf, knownToken } from './token-text.ts';
import type { TokenUse } from './token-use.ts';

/** Where a login comes from. */
export interface LoginSource {
  readonly address: string;
  /** Ends the question to the store. */
  readonly signal: AbortSignal;
}

/** A token as its owner sees it; times in epoch milliseconds, null if it was never used. */
export interface OwnToken {
  readonly token: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** A token as anyone sees it who knows its text. */
export interface DescribedToken {
  readonly id: string;
  /** The person who issued it; of an operators' token, its description. */
  readonly user: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

export interface TokenHolder {
  readonly principal: Principal;
  readonly tokenId: string;
  /** As DescribedToken's. */
  readonly user: string;
}

/** People with a password in an authentication store, and the tokens that they issue for themselves. */
export interface AccountService {
  /** Whether there is an authentication store; without one nobody can log in. */
  readonly configured: boolean;
  /**
   * Who this is; null for a name and password that do not belong together. 'unauthorized' with the reason after too many
   * failures of this name or from this address, 'unavailable' when the store cannot be asked.
   */
  login(user: string, password: string, from: LoginSource): Promise<Principal | null>;
  /** A new token of this person; it never expires, and is a key to every API. */
  issue(who: Principal): Promise<string>;
  /** Those that this person issued and that are not revoked, oldest first. */
  ownTokens(who: Principal): Promise<readonly OwnToken[]>;
  /** Null for an unknown token. Is not a use of it. */
  describe(token: string): Promise<DescribedToken | null>;
  /** Whether there was such a token: whoever knows its text may revoke it. */
  revoke(who: Principal, token: string): Promise<boolean>;
  /** Who comes with this token; null for an unknown one. Marks the use, within a second. */
  principalOf(token: string): Promise<TokenHolder | null>;
}

export function accountService(parts: Pick<CoreParts, 'store' | 'accounts' | 'log'>, use: TokenUse): AccountService {
  const { store, accounts, log } = parts;
  const seal = sealOf(accounts.key, 'token');

  const own = (row: TokenRow): readonly OwnToken[] => {
    if (row.sealed === null) return [];
    try {
      return [{ token: seal.open(row.sealed, row.id), createdAt: row.createdAt, lastUsedAt: row.lastUsedAt }];
    } catch (error) {
      // It goes on working: only its owner cannot be shown it any more.
      log.warn({ err: error, token: row.id }, 'a token was sealed with another payload.key: left out of the listing');
      return [];
    }
  };

  return {
    configured: accounts.store !== null,
    login: logins(accounts.store, accounts.admins, log),
    issue: async (who) => {
      mustAct(who);
      const [id, token, user] = [randomUUID(), freshToken(), who.account];
      const row = { id, hash: hashOf(token), sealed: seal.close(token, id), user, description: user };
      await store.write((tx) =>
        insertToken(tx, { ...row, role: who.role, tenant: who.tenant, createdAt: Date.now(), lastUsedAt: null }),
      );
      return token;
    },
    ownTokens: async (who) => (await listTokensOf(store.read, who.account)).flatMap(own),
    describe: async (token) => {
      const known = await knownToken(store.read, token);
      if (known === null) return null;
      const { id, createdAt, lastUsedAt } = known.row;
      return { id, user: known.principal.account, createdAt, lastUsedAt };
    },
    revoke: async (who, token) => {
      mustAct(who);
      const known = await knownToken(store.read, token);
      return known !== null && store.write((tx) => deleteToken(tx, known.row.id));
    },
    principalOf: async (token) => {
      const known = await knownToken(store.read, token);
      if (known === null) return null;
      use.mark(known.row.id);
      return { principal: known.principal, tokenId: known.row.id, user: known.principal.account };
    },
  };
}

/** Asks the store, unless this name or address has failed too often; names are logged, passwords never. */
function logins(
  people: AuthenticationStore | null,
  admins: readonly string[],
  log: CoreParts['log'],
): AccountService['login'] {
  const limit = loginLimit();
  const administrators = new Set(admins.map(accountName));
  return async (typed, password, { address, signal }) => {
    if (people === null) throw conflict('No authentication store is configured: set accounts.provider.');
    const user = accountName(typed);
    const attempt = limit.begin(user ?? '', address);
    if (user === null) return null;
    const identity = await people.authenticate(user, password, signal).catch((error: unknown) => {
      log.warn({ err: error, user, address }, 'a login could not be decided');
      if (error instanceof DomainError) attempt.forget();
      throw error;
    });
    if (identity === null) {
      log.warn({ user, address }, 'login failed');
      return null;
    }
    attempt.forget();
    const role = identity.admin || administrators.has(identity.user) ? 'admin' : 'user';
    return { account: identity.user, tenant: DEFAULT_TENANT, role };
  };
}
