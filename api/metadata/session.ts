import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** EC2's longest life of a session token in seconds. */
export const MAX_TTL_S = 21_600;

export interface Sessions {
  /** A token that is good for `ttlS` seconds and for requests from this address only. */
  issue(ip: string, ttlS: number): string;
  accepts(token: string, ip: string): boolean;
}

/** EC2's version 2 sessions without any state: a token is its own expiry under a MAC. API replicas need one secret. */
export function sessions(secret: Buffer = randomBytes(32), now: () => number = Date.now): Sessions {
  const mac = (ip: string, expires: string): Buffer => createHmac('sha256', secret).update(`${ip}|${expires}`).digest();
  return {
    issue(ip, ttlS) {
      const expires = `${Math.floor(now() / 1000) + ttlS}`;
      return `${expires}.${mac(ip, expires).toString('base64url')}`;
    },
    accepts(token, ip) {
      const [, expires = '', code = ''] = /^(\d{1,12})\.([\w-]{43})$/.exec(token) ?? [];
      if (code === '' || Number(expires) * 1000 < now()) return false;
      return timingSafeEqual(Buffer.from(code, 'base64url'), mac(ip, expires));
    },
  };
}
