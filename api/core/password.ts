import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { invalid } from '../../domain/fault.ts';

/** 32 MiB and a third of a second of one core: OWASP's parameters. */
const COST = { N: 2 ** 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;

const SHORTEST = 8;
const LONGEST = 1024;

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** `scrypt$N$r$p$salt$hash`, the last two in base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return text(COST, salt, await hash(password, salt, COST));
}

/** Whether the password is the one that was hashed; takes as long either way. */
export async function isPassword(password: string, hashed: string): Promise<boolean> {
  const [kind, N, r, p, salt = '', wanted = ''] = hashed.split('$');
  if (kind !== 'scrypt') throw new Error('bug: a password is not kept as scrypt');
  const found = await hash(password, Buffer.from(salt, 'base64'), { N: Number(N), r: Number(r), p: Number(p) });
  const bytes = Buffer.from(wanted, 'base64');
  return bytes.length === found.length && timingSafeEqual(bytes, found);
}

/** A hash that no password has and that costs as much to try: for people who do not exist. */
export const NOBODYS_PASSWORD = text(COST, Buffer.alloc(SALT_BYTES), Buffer.alloc(0));

/** Throws 'invalid' for a password that nobody should have. */
export function checkPassword(password: string): void {
  if (password.length < SHORTEST) throw invalid('password', `must have at least ${SHORTEST} characters.`);
  if (password.length > LONGEST) throw invalid('password', `must not have more than ${LONGEST} characters.`);
}

type Cost = typeof COST;

const hash = (password: string, salt: Buffer, cost: Cost): Promise<Buffer> =>
  derive(password, salt, HASH_BYTES, { ...cost, maxmem: 256 * cost.N * cost.r });

function text({ N, r, p }: Cost, salt: Buffer, hashed: Buffer): string {
  return ['scrypt', N, r, p, salt.toString('base64'), hashed.toString('base64')].join('$');
}
