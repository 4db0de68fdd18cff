import express, { type Request, type Response } from 'express';
import type { ZodType } from 'zod';
import { invalid, invalidAll } from '../../domain/fault.ts';
import { HttpError } from './failure.ts';
import { plainWords } from './plain-words.ts';

/** Room for install scripts and user-data. */
export const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
const MAX_PAIRS = 10_000;

/** Keys of a query without a `=`: 'absent' ones count as not given; their value is empty unless told. */
export type BareKeys = 'absent';
export type RawValues = Readonly<Record<string, unknown>>;

export interface Reading {
  readonly bareKeys?: BareKeys | undefined;
  /** Null values of JSON are 'kept', to say something, or count as not given. */
  readonly nulls?: 'kept' | undefined;
  /** Other values of a path parameter, in query or body, are 'refused', or passed over. */
  readonly others?: 'refused' | undefined;
}

/**
 * Every value of a request: path parameters before query before body, as the PVC API takes them in any method.
 * A key given more than once has an array.
 */
export async function requestValues(
  request: Request,
  response: Response,
  { bareKeys, nulls, others }: Reading = {},
): Promise<RawValues> {
  const body = await bodyValues(request, response);
  const values = otherValues(request, nulls === 'kept' ? body : withoutNulls(body), bareKeys);
  if (others === 'refused') mustAgree(request.params, values);
  return Object.assign(values, request.params);
}

/** The same without the body, which is a document of its own. */
export const valuesBesideBody = (request: Request, bareKeys?: BareKeys): RawValues =>
  Object.assign(otherValues(request, {}, bareKeys), request.params);

function mustAgree(params: RawValues, values: RawValues): void {
  for (const [key, value] of Object.entries(params))
    if (key in values && String(values[key]) !== value)
      throw invalid(key, `is '${value}' in the path, and cannot be changed by another value.`);
}

function otherValues(request: Request, body: RawValues, bareKeys: BareKeys | undefined): Record<string, unknown> {
  const values: Record<string, unknown> = Object.create(null);
  Object.assign(values, body);
  const mark = request.originalUrl.indexOf('?');
  const query = mark < 0 ? '' : request.originalUrl.slice(mark + 1);
  if (query !== '') Object.assign(values, pairs(bareKeys === 'absent' ? withoutBareKeys(query) : query));
  return values;
}

const withoutBareKeys = (query: string): string =>
  query
    .split('&')
    .filter((pair) => pair.includes('='))
    .join('&');

const FORM_DATA = 'multipart/form-data';
const readText = express.text({ type: () => true, limit: BODY_LIMIT_BYTES });

async function bodyValues(request: Request, response: Response): Promise<RawValues> {
  await new Promise<void>((resolve, reject) => {
    readText(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(bodyError(error))));
  });
  const text: unknown = request.body;
  if (typeof text !== 'string' || text === '') return {};
  const type = request.is(['json', '+json', 'urlencoded', FORM_DATA]);
  if (type === 'urlencoded') return pairs(text);
  if (type === FORM_DATA) return formData(text, request.get('content-type') ?? '');
  if (type === 'json' || type === '+json') return jsonValues(text);
  throw new HttpError(415, `The body must be application/x-www-form-urlencoded, ${FORM_DATA} or application/json.`);
}

const readBytes = express.raw({ type: () => true, limit: BODY_LIMIT_BYTES });

/** The body as text, whatever its content type says; empty without one. */
export async function bodyText(request: Request, response: Response): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    readBytes(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(bodyError(error))));
  });
  const bytes: unknown = request.body;
  return Buffer.isBuffer(bytes) ? bytes.toString('utf8') : '';
}

function bodyError(error: unknown): unknown {
  const { status, type } = error as { status?: unknown; type?: unknown };
  if (type === 'entity.too.large') return new HttpError(413, `The body is larger than ${BODY_LIMIT_BYTES} bytes.`);
  if (type === 'request.aborted') return new HttpError(400, 'The request ended before its body did.');
  return typeof status === 'number' && status < 500 ? new HttpError(status, 'The body cannot be decoded.') : error;
}

/** Reads a form in parts (RFC 7578), as `curl -F` sends it; a file's value is its text. */
async function formData(text: string, type: string): Promise<RawValues> {
  const form = await new globalThis.Response(text, { headers: { 'content-type': type } }).formData().catch(() => {
    throw invalid('body', 'is not the form that its content type says.');
  });
  const parts = [...form.entries()];
  if (parts.length > MAX_PAIRS) throw new HttpError(400, `More than ${MAX_PAIRS} values.`);
  const texts = parts.map(
    async ([key, value]) => [key, typeof value === 'string' ? value : await value.text()] as const,
  );
  return gathered(await Promise.all(texts));
}

/**
 * Reads a query string or form. `\&` separates like `&`: in double quotes a shell leaves the backslash, and the PVC
 * manual's own examples are written so; an encoded value never holds a bare backslash.
 */
function pairs(text: string): RawValues {
  const clean = text.replaceAll('\\&', '&');
  if (clean.split('&', MAX_PAIRS + 1).length > MAX_PAIRS) throw new HttpError(400, `More than ${MAX_PAIRS} values.`);
  return gathered(new URLSearchParams(clean));
}

/** A key given more than once has an array. */
function gathered(given: Iterable<readonly [string, string]>): RawValues {
  const values: Record<string, unknown> = Object.create(null);
  for (const [key, value] of given) {
    const known = values[key];
    values[key] = known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value];
  }
  return values;
}

/** Deeper ones are mistakes, and too much for whoever goes through them. */
const MAX_LEVELS = 100;

/** What a JSON text says; 'invalid' naming the body for any other, and for one that is nested too deeply. */
export function parseJson(text: string): unknown {
  const value = parsed(text);
  if (text.length > 2 * MAX_LEVELS && isDeeper(value, MAX_LEVELS))
    throw invalid('body', `is nested more than ${MAX_LEVELS} levels deep.`);
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its cause would quote the body, which may hold secrets.
    throw invalid('body', 'is not valid JSON.');
  }
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)));

function jsonValues(text: string): RawValues {
  const document = parseJson(text);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw invalid('body', 'must be a JSON object.');
  }
  return document as RawValues;
}

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
