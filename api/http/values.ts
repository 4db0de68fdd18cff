import type { Request, Response } from 'express';
import type { ZodType } from 'zod';
import { invalid, invalidAll } from '../../domain/fault.ts';
import { bodyValues } from './body.ts';
import { pairs, type RawValues } from './pairs.ts';
import { plainWords } from './plain-words.ts';

/** Keys of a query without a `=`: 'absent' ones count as not given; their value is empty unless told. */
export type BareKeys = 'absent';

export interface Reading {
  readonly bareKeys?: BareKeys | undefined;
  /** Null values of JSON are 'kept', to say something, or count as not given. */
  readonly nulls?: 'kept' | undefined;
}

/**
 * Every value of a request: from path, query and body alike, as the PVC API takes them in any method; 'invalid' naming
 * the value that two of them do not agree on.
 */
export async function requestValues(
  request: Request,
  response: Response,
  { bareKeys, nulls }: Reading = {},
): Promise<RawValues> {
  const given = await bodyValues(request, response);
  const body = nulls === 'kept' ? given : withoutNulls(given);
  const query = queryValues(request, bareKeys);
  for (const [key, value] of Object.entries(query))
    if (Object.hasOwn(body, key) && !isSame(value, body[key]))
      throw invalid(key, 'is given in the query, and with another value in the body.');
  const values: Record<string, unknown> = Object.assign(Object.create(null), body, query);
  for (const [key, value] of Object.entries(request.params))
    if (key in values && !isSame(withPlus(value), withPlus(values[key])))
      throw invalid(key, `is '${value}' in the path, and cannot be changed by another value.`);
  return Object.assign(values, request.params);
}

/** Path parameters before the query, without the body, which is a document of its own. */
export const valuesBesideBody = (request: Request, bareKeys?: BareKeys): RawValues =>
  Object.assign(Object.create(null), queryValues(request, bareKeys), request.params);

/** Numbers and flags of JSON are the same as their texts, a value is the same as a list of it. */
const isSame = (one: unknown, other: unknown): boolean =>
  JSON.stringify([one].flat().map(String)) === JSON.stringify([other].flat().map(String));

/** Names in a path have no blanks: one in a query or form is a `+`. */
const withPlus = (value: unknown): unknown => (typeof value === 'string' ? value.replaceAll(' ', '+') : value);

function queryValues({ originalUrl }: Request, bareKeys: BareKeys | undefined): RawValues {
  const mark = originalUrl.indexOf('?');
  const query = mark < 0 ? '' : originalUrl.slice(mark + 1);
  return pairs(bareKeys === 'absent' ? withoutBareKeys(query) : query, 'query');
}

const withoutBareKeys = (query: string): string =>
  query
    .split('&')
    .filter((pair) => pair.includes('='))
    .join('&');

const withoutNulls = (values: RawValues): RawValues =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));

/** The values as the schema's type; 'invalid' naming every field at fault. */
export function parseValues<T>(schema: ZodType<T>, raw: RawValues): T {
  // A plain object: schemas of plain objects refuse one without a prototype.
  const result = schema.safeParse({ ...raw }, { error: plainWords });
  if (result.success) return result.data;
  const [first, ...others] = result.error.issues.map(({ path, message }) => ({
    field: path.join('.') || 'body',
    why: message,
  }));
  if (first === undefined) throw new Error('bug: a schema refused without an issue');
  throw invalidAll([first, ...others]);
}
