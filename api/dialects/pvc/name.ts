import type { ZodType } from 'zod';
import { LONGEST_NAME } from '../../../domain/name.ts';
import { word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';

/**
 * A name, or a reference to something named. Names hold no white space: a blank is a `+` that a query string or form
 * turned into one, so the manual's `?name=net200+net300` and `/template/network/net200+net300` are the same name,
 * whether `+` was percent-encoded or not.
 */
export const name = (description: string, longest = LONGEST_NAME): ZodType<string> =>
  z
    .preprocess(
      (value) => (typeof value === 'string' ? value.trim().replaceAll(' ', '+') : value),
      label(description, longest),
    )
    .openapi({ type: 'string', maxLength: longest, description });

/** A text without white space that a person writes anew, where no example of the manual has a `+`: a blank in it is a mistake. */
export const label = (description: string, longest = LONGEST_NAME): ZodType<string> =>
  word(description)
    .refine((value) => value.length <= longest, `must not be longer than ${longest} characters.`)
    .refine((value) => /^[^\s/\\]*$/.test(value), 'must not contain white space or slashes.')
    .openapi({ type: 'string', maxLength: longest, description });

/** Which of a list's elements are wanted, by PVC's fuzzy matching. */
export const limit = (what: string): ZodType<string> =>
  word(`Only those whose ${what} matches; fuzzy unless it begins with ^ or ends with $.`);
