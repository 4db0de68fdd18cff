import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import type { Principal } from '../../domain/principal.ts';
import type { Db } from '../../store/open.ts';
import { findToken, type TokenRow } from '../../store/token.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const LETTERS_AND_DIGITS = `${LETTERS}0123456789`;
/** 165 bits that nobody guesses. */
const LENGTH = 32;

const any = (characters: string): string => characters.charAt(randomInt(characters.length));

/** A fresh token: 32 letters and digits, the first a letter, so that it can be a name anywhere. */
export const freshToken = (): string =>
  any(LETTERS) + Array.from({ length: LENGTH - 1 }, () => any(LETTERS_AND_DIGITS)).join('');

/** What is kept of a secret. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Compares hashes in constant time. */
export const same = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'));

/** The row and principal of a token's text; null for an unknown one. */
export async function knownToken(
  db: Db,
  token: string,
): Promise<{ readonly row: TokenRow; readonly principal: Principal } | null> {
  const hash = hashOf(token);
  const found = await findToken(db, hash);
  return found && same(found.row.hash, hash) ? found : null;
}
