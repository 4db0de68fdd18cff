import { conflict, exists, type Mistake as FieldMistake, notFound, refuse } from '../../../domain/fault.ts';
import { LONGEST_NAME, PART_NAME } from '../../../domain/name.ts';
import type { Db } from '../../../store/open.ts';
import { profilesUsing } from '../../../store/profile.ts';

/** What is wrong with one field. */
export interface Mistake extends FieldMistake {
  /** Fields any of which would mend it, if it is that none of them is given. */
  readonly lacks?: readonly string[];
}

/** Of what cannot be a part's name. */
export function* partNameMistakes(name: string): Iterable<Mistake> {
  if (name.length > LONGEST_NAME) {
    yield { field: 'name', why: `must not be longer than ${LONGEST_NAME} characters.` };
    return;
  }
  if (!PART_NAME.test(name)) yield { field: 'name', why: `'${name}' is not made of letters, digits and _ . + - only.` };
}

/** Throws 'invalid' for what cannot be a part's name. */
export const checkPartName = (name: string): void => refuse(partNameMistakes(name));

export function mustBeNew(what: string, name: string, found: unknown): void {
  if (found) throw exists(what, name);
}

/** The row, or not-found. */
export function mustExist<T>(what: string, name: string, found: T | undefined): T {
  if (found === undefined) throw notFound(what, name);
  return found;
}

/** Of a number that is none of those from `bounds[0]` to `bounds[1]`. */
export function* boundMistakes(
  field: string,
  value: number,
  [least, most]: readonly [number, number],
): Iterable<Mistake> {
  if (!Number.isInteger(value) || value < least || value > most)
    yield { field, why: `must be a whole number from ${least} to ${most}.` };
}

/** Throws 'conflict' naming the profiles that use the part. */
export async function mustBeUnused(
  tx: Db,
  what: string,
  name: string,
  part: Parameters<typeof profilesUsing>[1],
  id: number,
): Promise<void> {
  const users = await profilesUsing(tx, part, id);
  if (users.length > 0) throw conflict(`The ${what} '${name}' is in use by the profiles: ${users.join(', ')}.`);
}
