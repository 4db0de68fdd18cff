import { invalid } from '../../../domain/fault.ts';
import { parseJson } from '../../http/json.ts';
import type { Reply } from '../../http/reply.ts';
import type { Answer, Context } from '../../http/route.ts';
import { z } from '../../http/zod.ts';

export const Ok = z.object({ ok: z.boolean() }).openapi('Ok');

export const OK: Readonly<Record<number, Answer>> = { 200: { description: 'Done.', schema: Ok } };

/** `{ok, <name>: …}`: keys are names that were asked for. */
export const keyed = (description: string, schema: z.ZodType, status = 200): Readonly<Record<number, Answer>> => ({
  [status]: { description, schema: z.object({ ok: z.boolean() }).catchall(schema) },
});

export const ok = (body: Readonly<Record<string, unknown>> = {}, status = 200): Reply => ({
  status,
  body: { ok: true, ...body },
});

/** A refusal: what vmpooler says besides `ok: false`, where it says more; the reason stands in a header, as with every refusal. */
export const notOk = (status: number, reason: string, more: Readonly<Record<string, unknown>> = {}): Reply => ({
  status,
  headers: reasonHeader(reason),
  body: { ok: false, ...more },
});

/** Why something was refused. A header holds printable ASCII. */
export const reasonHeader = (reason: string): Readonly<Record<string, string>> => ({
  'X-Slipway-Reason': reason.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 500),
});

/** What the body says: JSON whatever its content type is, but no form in parts, which has its values elsewhere. */
export function documentOf({ text, header }: Pick<Context<unknown>, 'text' | 'header'>): unknown {
  if (/^--/.test(text) && /^multipart\//i.test(header('content-type') ?? ''))
    throw invalid('body', 'must be JSON (curl -d), and is a form in parts (curl -F).');
  return parseJson(text);
}

/** The body as a JSON object; undefined for null, which vmpooler takes for a body that is not there. */
export function objectOf(
  context: Pick<Context<unknown>, 'text' | 'header'>,
): Readonly<Record<string, unknown>> | undefined {
  const document = documentOf(context);
  if (document === null) return undefined;
  if (typeof document === 'object' && !Array.isArray(document)) return document as Record<string, unknown>;
  throw invalid('body', 'must be a JSON object.');
}

/** The second version of the API gives full names of VMs. */
export const givesFullNames = ({ mount }: Pick<Context<unknown>, 'mount'>): boolean => mount.endsWith('/v2');
