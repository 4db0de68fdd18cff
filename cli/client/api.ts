import { DomainError, invalid, unavailable } from '../../domain/fault.ts';
import { type ServerEvent, serverEvents } from './server-events.ts';
import type { Target } from './target.ts';

type Values = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** The API as the command line uses it: paths below /api/v1. Failures are DomainErrors with the API's words. */
export interface Api {
  readonly url: string;
  get(path: string, query?: Values): Promise<unknown>;
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<unknown>;
  put(path: string, body: unknown): Promise<unknown>;
  delete(path: string, query?: Values): Promise<unknown>;
  events(path: string, signal: AbortSignal, lastId?: string): AsyncIterable<ServerEvent>;
}

/** Speaks to the API at `target`. */
export function apiClient(target: Target): Api {
  const headers = target.token === null ? {} : { 'x-api-key': target.token };
  const url = (path: string, query: Values = {}): string => `${target.api}/api/v1${path}${queryOf(query)}`;
  const call = async (method: string, address: string, init: RequestInit = {}): Promise<Response> => {
    const response = await reach(target.api, address, { method, ...init, headers: { ...headers, ...init.headers } });
    if (!response.ok) throw await refused(response, target);
    return response;
  };
  const json = async (response: Promise<Response>): Promise<unknown> => (await response).json();
  const body = (value: unknown, more: Readonly<Record<string, string>> = {}): RequestInit =>
    value === undefined
      ? { headers: more }
      : { body: JSON.stringify(value), headers: { 'content-type': 'application/json', ...more } };
  return {
    url: target.api,
    get: (path, query) => json(call('GET', url(path, query))),
    post: (path, value, more) => json(call('POST', url(path), body(value, more))),
    put: (path, value) => json(call('PUT', url(path), body(value))),
    delete: (path, query) => json(call('DELETE', url(path, query))),
    async *events(path, signal, lastId) {
      const more = { accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': lastId }) };
      const response = await call('GET', url(path), { signal, headers: more });
      if (response.body) yield* serverEvents(response.body);
    },
  };
}

function queryOf(values: Values): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  return query.size === 0 ? '' : `?${query}`;
}

async function reach(api: string, address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    const trouble = tlsTrouble(error);
    if (trouble !== null) throw unavailable(`${api} cannot be trusted: ${trouble}`, error);
    const answers =
      causeOf(error).code === 'ECONNREFUSED' || !api.startsWith('http:') ? '' : ' Or is it an https:// address?';
    throw unavailable(`No API answers at ${api}. Is 'slipway up' (or 'slipway api') running there?${answers}`, error);
  }
}

/** Codes of Node and OpenSSL for certificates, and for what is no TLS. */
const CERTIFICATE = /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|ERR_TLS_CERT_)/;
const NO_TLS = /^(EPROTO|ERR_SSL_)/;

const causeOf = (error: unknown) =>
  ((error as Error).cause ?? {}) as { readonly code?: string; readonly message?: string };

/** Why an encrypted connection did not come about, and what to do; null for other reasons. */
function tlsTrouble(error: unknown): string | null {
  const { code = '', message = '' } = causeOf(error);
  if (NO_TLS.test(code)) return `what answers there does not speak TLS (${code}); is it an http:// address?`;
  if (!CERTIFICATE.test(code)) return null;
  return `${message} (${code}). A certificate of your own is trusted by NODE_EXTRA_CA_CERTS=FILE.`;
}

type Kind = 'unauthorized' | 'forbidden' | 'conflict' | 'no-capacity' | 'script' | 'unavailable';
const KINDS: readonly string[] = ['unauthorized', 'forbidden', 'conflict', 'no-capacity', 'script', 'unavailable'];

/** Statuses as faults, where something else answers than the API. */
const FAULT_OF: Readonly<Record<number, Kind>> = {
  401: 'unauthorized',
  403: 'forbidden',
  409: 'conflict',
  503: 'unavailable',
};

async function refused(response: Response, target: Target): Promise<DomainError> {
  const text = await response.text();
  const message = messageIn(text) ?? `the API answered ${response.status}`;
  const said = response.headers.get('x-slipway-fault') ?? '';
  const [field = '', ...why] = message.split(': ');
  if (said === 'invalid' && why.length > 0) return invalid(field, why.join(': '));
  const kind = KINDS.includes(said) ? (said as Kind) : (FAULT_OF[response.status] ?? 'internal');
  return new DomainError({ kind, why: response.status === 401 ? unknownToken(target, message) : message });
}

const unknownToken = (target: Target, message: string): string =>
  target.token === null
    ? `${message}: set SLIPWAY_TOKEN to a token of ${target.api} (its administrator makes one with 'slipway token create').`
    : `${message}: ${target.api} does not know this token.`;

function messageIn(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    const message = (value as { message?: unknown } | null)?.message;
    return typeof message === 'string' ? message : null;
  } catch {
    return null;
  }
}
