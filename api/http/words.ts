import type { ZodType } from 'zod';
import { z } from './zod.ts';

const YES = new Set(['', 'y', 'yes', 't', 'true', 'on', '1']);
const NO = new Set(['n', 'no', 'f', 'false', 'off', '0']);

const given = (issue: { readonly input?: unknown }, otherwise: string): string => {
  if (issue.input === undefined) return 'is required.';
  return Array.isArray(issue.input) ? 'must be one value, not a list.' : otherwise;
};

/** A flag: present and empty means true, otherwise a word for yes or no. */
export const flag = (description: string): ZodType<boolean> =>
  z
    .union([z.boolean(), z.string(), z.number()], { error: (issue) => given(issue, 'must be yes or no.') })
    .transform((value, context) => {
      const word = String(value).toLowerCase();
      if (YES.has(word)) return true;
      if (NO.has(word)) return false;
      context.issues.push({ code: 'custom', message: 'must be yes or no.', input: value });
      return z.NEVER;
    })
    .openapi({ type: 'boolean', description });

/** A whole number, written as one or as text. */
export const integer = (description: string, min: number, max: number): ZodType<number> => {
  const why = `must be a whole number from ${min} to ${max}.`;
  return z
    .union([z.number(), z.string()], { error: (issue) => given(issue, why) })
    .transform((value, context) => {
      const number = typeof value === 'string' && !/^[+-]?\d{1,15}$/.test(value.trim()) ? Number.NaN : Number(value);
      if (Number.isInteger(number) && number >= min && number <= max) return number;
      context.issues.push({ code: 'custom', message: why, input: value });
      return z.NEVER;
    })
    .openapi({ type: 'integer', minimum: min, maximum: max, description });
};

/** Any text, also an empty one. */
export const text = (description: string): ZodType<string> =>
  z
    .string({ error: (issue) => given(issue, 'must be a text.') })
    .refine((value) => !value.includes('\0'), 'must not contain a NUL character.')
    .openapi({ type: 'string', description });

/** A text that is not empty. */
export const word = (description: string): ZodType<string> =>
  z
    .union([z.string(), z.number()], { error: (issue) => given(issue, 'must be a text.') })
    .transform((value) => String(value).trim())
    .refine((value) => value !== '', 'must not be empty.')
    .refine((value) => !value.includes('\0'), 'must not contain a NUL character.')
    .openapi({ type: 'string', description });

/** One of some words, in any case. */
export const oneOf = <const T extends string>(description: string, words: readonly T[]): ZodType<T> => {
  const why = `must be one of ${words.join(', ')}.`;
  return z
    .string({ error: (issue) => given(issue, why) })
    .transform((value, context) => {
      const found = words.find((one) => one === value.toLowerCase());
      if (found !== undefined) return found;
      context.issues.push({ code: 'custom', message: why, input: value });
      return z.NEVER;
    })
    .openapi({ type: 'string', enum: [...words], description });
};

/** Zero or more of a value: a key given once is a list of one. */
export const repeated = <T>(description: string, inner: ZodType<T>): ZodType<readonly T[]> =>
  z
    .preprocess((value) => (value === undefined || Array.isArray(value) ? value : [value]), z.array(inner))
    .openapi({ type: 'array', items: { type: 'string' }, description });

/** A value that may be left out; an empty one counts as left out, since clients send those. */
export const optional = <T>(inner: ZodType<T>): ZodType<T | undefined> =>
  z.preprocess((value) => (value === '' ? undefined : value), inner.optional());

/** For changes: a value left out changes nothing, an empty one clears. */
export const clearable = <T>(inner: ZodType<T>): ZodType<T | null | undefined> =>
  z.preprocess((value) => (value === '' ? null : value), inner.nullable().optional());
