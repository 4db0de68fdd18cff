import type { Request } from 'express';
import { DEFAULT_TENANT, type Principal } from '../../domain/principal.ts';
import type { TokenService } from '../core/token.ts';

/** Finds out who asks; null for nobody known. */
export type Authenticate = (request: Request) => Promise<Principal | null>;

export const SESSION_COOKIE = 'slipway_session';

/** Everybody, where authentication is disabled. */
const EVERYBODY: Principal = { account: 'anonymous', tenant: DEFAULT_TENANT, role: 'admin' };

/** Nobody in particular, on routes that need no authentication. */
export const NOBODY: Principal = { account: 'nobody', tenant: DEFAULT_TENANT, role: 'viewer' };

/** A session's cookie first, then the X-Api-Key header. */
export function authenticator(tokens: TokenService, enabled: boolean): Authenticate {
  if (!enabled) return async () => EVERYBODY;
  return async (request) => {
    const session = cookie(request.get('cookie'), SESSION_COOKIE);
    const principal = session === undefined ? null : await tokens.session(session);
    if (principal !== null) return principal;
    const key = request.get('x-api-key');
    return key === undefined || key === '' ? null : tokens.authenticate(key);
  };
}

/** The value of one cookie of a Cookie header. */
export function cookie(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** A Set-Cookie header that begins a session, or ends it with an empty value. */
export function sessionCookie(session: string, secure: boolean): string {
  const end = session === '' ? '; Max-Age=0' : '';
  return `${SESSION_COOKIE}=${session}; Path=/; HttpOnly; SameSite=Strict${end}${secure ? '; Secure' : ''}`;
}
