import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { invalid, notFound } from '../../domain/fault.ts';
import type { Principal, Role } from '../../domain/principal.ts';
import {
  deleteSession,
  deleteToken,
  findSession,
  findToken,
  insertSession,
  insertToken,
  listTokens,
} from '../../store/token.ts';
import { mustAdminister } from './authorize.ts';
import type { CoreParts } from './parts.ts';

export interface TokenInfo {
  readonly id: string;
  readonly description: string;
  readonly role: Role;
  readonly tenant: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
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

/** Tokens and sessions. Tokens are administrators' business. */
export function tokenService(parts: Pick<CoreParts, 'store' | 'settings'>): TokenService {
  const { store, settings } = parts;
  const known = async (token: string) => {
    const hash = hashOf(token);
    const row = await findToken(store.read, hash);
    return row && same(row.hash, hash) ? row : undefined;
  };
  return {
    authenticate: async (token) => (await known(token))?.principal ?? null,
    create: async (who, { description, role, tenant }) => {
      mustAdminister(who);
      checkToken({ description, role, tenant });
      const token = randomBytes(SECRET_BYTES).toString('base64url');
      const info = { id: randomUUID(), description, role, tenant, createdAt: Date.now() };
      await store.write((tx) => insertToken(tx, { ...info, hash: hashOf(token) }));
      return { ...info, token };
    },
    list: async (who) => {
      mustAdminister(who);
      return (await listTokens(store.read)).map(({ hash: _, ...info }) => info);
    },
    remove: async (who, id) => {
      mustAdminister(who);
      if (!(await store.write((tx) => deleteToken(tx, id)))) throw notFound('token', id);
    },
    login: async (token) => {
      const row = await known(token);
      if (!row) return null;
      const session = randomBytes(SECRET_BYTES).toString('base64url');
      const expiresAt = Date.now() + settings.sessionMs;
      await store.write((tx) => insertSession(tx, { hash: hashOf(session), tokenId: row.id, expiresAt }));
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

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const same = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'));
