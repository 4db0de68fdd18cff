import { MIMEType } from 'node:util';
import express, { type Request, type Response } from 'express';
import { invalid } from '../../domain/fault.ts';
import { BODY_LIMIT_BYTES } from './body-limit.ts';
import { HttpError } from './failure.ts';
import { parseJson } from './json.ts';
import { type Bytes, gathered, pairs, type RawValues } from './pairs.ts';
import { decoded } from './utf8.ts';

const FORM_DATA = 'multipart/form-data';

/** The values of a form or a JSON object; none without a body. */
export async function bodyValues(request: Request, response: Response): Promise<RawValues> {
  const bytes = withoutMark(await bodyBytes(request, response));
  if (bytes.length === 0) return {};
  const type = request.is(['json', '+json', 'urlencoded', FORM_DATA]);
  if (type === 'urlencoded') return pairs(bytes.toString('latin1'), 'body');
  if (type === FORM_DATA) return formData(bytes.toString('latin1'), request.get('content-type') ?? '');
  if (type && /(^|\+)json$/.test(type)) return jsonValues(decoded(bytes, 'body'));
  throw new HttpError(415, `The body must be application/x-www-form-urlencoded, ${FORM_DATA} or application/json.`);
}

/** The body as text, whatever its content type says; empty without one. */
export const bodyText = async (request: Request, response: Response): Promise<string> =>
  decoded(await bodyBytes(request, response), 'body');

const readBytes = express.raw({ type: () => true, limit: BODY_LIMIT_BYTES });

async function bodyBytes(request: Request, response: Response): Promise<Buffer> {
  await new Promise<void>((resolve, reject) => {
    readBytes(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(bodyError(error))));
  });
  const bytes: unknown = request.body;
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return Buffer.alloc(0);
  const charset = parameter(request.get('content-type') ?? '', 'charset')?.toLowerCase() ?? 'utf-8';
  if (!UTF8.includes(charset) && NO_ASCII.test(bytes.toString('latin1')))
    throw new HttpError(415, `The body must be UTF-8, and says that it is ${charset}.`);
  return bytes;
}

/** As it is, or as forms escape it. What is ASCII alone is the same in all: some clients name a charset by habit. */
const NO_ASCII = /[^\0-\x7f]|%[89a-f]/i;

/** Names of UTF-8, and of what is UTF-8, too. */
const UTF8: readonly string[] = ['utf-8', 'utf8', 'us-ascii', 'ascii'];

function parameter(type: string, name: string): string | null {
  try {
    return new MIMEType(type).params.get(name);
  } catch {
    // What is no type has none.
    return null;
  }
}

function bodyError(error: unknown): unknown {
  const { status, type } = error as { status?: unknown; type?: unknown };
  if (type === 'entity.too.large') return new HttpError(413, `The body is larger than ${BODY_LIMIT_BYTES} bytes.`);
  if (type === 'request.aborted') return new HttpError(400, 'The request ended before its body did.');
  return typeof status === 'number' && status < 500 ? new HttpError(status, 'The body cannot be decoded.') : error;
}

const MARK = Buffer.from('\ufeff');
/** Editors and shells put a byte order mark in front of a file that is sent as a whole body. */
const withoutMark = (bytes: Buffer): Buffer =>
  bytes.subarray(0, MARK.length).equals(MARK) ? bytes.subarray(MARK.length) : bytes;

/** Reads a form in parts (RFC 7578), as `curl -F` sends it; a file's value is its text. */
async function formData(form: Bytes, type: string): Promise<RawValues> {
  mustBePlain(form, parameter(type, 'boundary') ?? '');
  // As characters of their numbers, the bytes come through the decoding of whoever reads forms.
  const parts = await new globalThis.Response(form, { headers: { 'content-type': type } }).formData().catch(() => {
    throw invalid('body', 'is not the form that its content type says.');
  });
  const pending = [...parts].map(
    async ([key, value]) => [key, typeof value === 'string' ? value : await value.text()] as const,
  );
  return gathered(await Promise.all(pending), 'body');
}

const ENCODED = /^content-transfer-encoding:(?![ \t]*(?:7bit|8bit|binary)[ \t]*$)/im;

/** Forms have no transfer encodings (RFC 7578, 4.7), and readers of forms do not agree on them. */
function mustBePlain(form: Bytes, boundary: string): void {
  if (form.split(`--${boundary}`).some((part) => ENCODED.test(part.split('\r\n\r\n', 1)[0] ?? '')))
    throw invalid('body', 'has a part with a Content-Transfer-Encoding, which forms have not.');
}

function jsonValues(text: string): RawValues {
  const document = parseJson(text);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw invalid('body', 'must be a JSON object.');
  }
  return document as RawValues;
}
