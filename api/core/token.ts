import type { Principal, Role } from '../../domain/principal.ts';

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
