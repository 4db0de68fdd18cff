import { randomBytes, randomUUID } from 'node:crypto';
import { invalid, notFound } from '../../domain/fault.ts';
import type { Principal, Role } from '../../domain/principal.ts';
import { deleteSession, deleteToken, findSession, insertSession, insertToken, listTokens } from '../../store/token.ts';
import { mustAdminister } from './authorize.ts';
import type { CoreParts } from './parts.ts';
import { hashOf, knownToken, same } from './token-text.ts';
import type { TokenUse } from './token-use.ts';

export interface TokenInfo {
  readonly id: string;
  readonly description: string;
  readonly role: Role;
  readonly tenant: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** The person who issued it for themselves; null for the operators' own. */
  readonly user: string | null;
  /** Epoch milliseconds; null if it was never used. */
  readonly lastUsedAt: number | null;
}

/** Tokens are kept as SHA-256 and compared in constant time; a token's text is shown once, when made. */
export interface TokenService {
  /** Null for an unknown token. */
  authenticate(token: string): Promise<Principal | null>;
  create(
    who: Principal,
    token: { readonly description: string; readonly role: Role; readonly tenant: string },
  ): Promise<TokenInfo & { readonly token: string }>;
  list(who: Principal): Promise<readonly TokenInfo[]>;
  remove(who: Principal, id: string): Promise<void>;
  /** A session for a token's principal; the text goes into a cookie. Null for an unknown token. */
  login(token: string): Promise<string | null>;
  session(session: string): Promise<Principal | null>;
  logout(session: string): Promise<void>;
}

const ROLES: readonly Role[] = ['admin', 'user', 'viewer'];
const SECRET_BYTES = 32;

/** Tokens and sessions. Tokens are administrators' business, but for those that people issue for themselves (account.ts). */
export function tokenService(parts: Pick<CoreParts, 'store' | 'settings'>, use: TokenUse): TokenService {
  const { store, settings } = parts;
  return {
    authenticate: async (token) => {
      const known = await knownToken(store.read, token);
      if (known === null) return null;
      use.mark(known.row.id);
      return known.principal;
    },
    create: async (who, { description, role, tenant }) => {
      mustAdminister(who);
      checkToken({ description, role, tenant });
      const token = randomBytes(SECRET_BYTES).toString('base64url');
      const info = { id: randomUUID(), description, role, tenant, createdAt: Date.now(), user: null, lastUsedAt: null };
      await store.write((tx) => insertToken(tx, { ...info, hash: hashOf(token) }));
      return { ...info, token };
    },
    list: async (who) => {
      mustAdminister(who);
      return (await listTokens(store.read)).map(({ hash: _, sealed: __, ...info }) => info);
    },
    remove: async (who, id) => {
      mustAdminister(who);
      if (!(await store.write((tx) => deleteToken(tx, id)))) throw notFound('token', id);
    },
    login: async (token) => {
      const known = await knownToken(store.read, token);
      if (known === null) return null;
      const session = randomBytes(SECRET_BYTES).toString('base64url');
      const expiresAt = Date.now() + settings.sessionMs;
      await store.write((tx) => insertSession(tx, { hash: hashOf(session), tokenId: known.row.id, expiresAt }));
      return session;
    },
    session: async (session) => {
      const hash = hashOf(session);
      const row = await findSession(store.read, hash, Date.now());
      return row && same(row.hash, hash) ? row.principal : null;
    },
    logout: (session) => store.write((tx) => deleteSession(tx, hashOf(session))),
  };
}

function checkToken({ description, role, tenant }: Pick<TokenInfo, 'description' | 'role' | 'tenant'>): void {
  if (description === '') throw invalid('description', 'is missing.');
  if (tenant === '') throw invalid('tenant', 'is missing.');
  if (!ROLES.includes(role)) throw invalid('role', `must be one of ${ROLES.join(', ')}.`);
}
