import express, { type Express, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import type { MetadataLookup, MetadataRecord } from './record.ts';
import { MAX_TTL_S, type Sessions, sessions } from './session.ts';
import { at, listing, metaData, type Tree } from './tree.ts';

export interface MetadataOptions {
  readonly lookup: MetadataLookup;
  readonly logger: Logger;
  /** Key of the session tokens; replicas that serve the same guests need the same. */
  readonly secret?: Buffer;
}

const TTL = 'X-aws-ec2-metadata-token-ttl-seconds';
const TOKEN = 'X-aws-ec2-metadata-token';

/**
 * The metadata service: EC2's paths under any version, with or without session tokens. A guest is known by the address
 * it asks from and by nothing that it says, so a request that came through a proxy is refused.
 */
export function metadataApp({ lookup, logger, secret }: MetadataOptions): Express {
  const tokens = sessions(secret);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response, next) => {
    if (request.get('x-forwarded-for') === undefined) next();
    else plain(response, 403, 'Forbidden');
  });
  app.get('/', (_request, response) => {
    response.status(209).json({ message: 'Slipway metadata service' });
  });
  app.put('/latest/api/token', (request, response) => issueToken(tokens, request, response));
  app.get('/{*path}', (request, response) => answer(lookup, tokens, request, response));
  app.use((_request: Request, response: Response) => plain(response, 405, 'Method Not Allowed'));
  app.use((error: unknown, request: Request, response: Response, _next: unknown) => {
    const status = error instanceof URIError ? 400 : 500;
    if (status === 500)
      logger.error({ err: error, path: request.path, source: sourceOf(request) }, 'metadata request failed');
    plain(response, status, status === 400 ? 'Bad Request' : 'Internal Server Error');
  });
  return app;
}

function issueToken(tokens: Sessions, request: Request, response: Response): void {
  const asked = request.get(TTL) ?? '';
  const ttlS = /^\d{1,5}$/.test(asked) ? Number(asked) : 0;
  if (ttlS < 1 || ttlS > MAX_TTL_S) {
    plain(response, 400, 'Bad Request');
    return;
  }
  response.set(TTL, `${ttlS}`);
  plain(response, 200, tokens.issue(sourceOf(request), ttlS));
}

async function answer(lookup: MetadataLookup, tokens: Sessions, request: Request, response: Response): Promise<void> {
  const source = sourceOf(request);
  const token = request.get(TOKEN);
  if (token !== undefined && !tokens.accepts(token, source)) return plain(response, 401, 'Unauthorized');
  const record = await lookup(source);
  if (record === null) return plain(response, 404, 'Not Found');
  const [, ...rest] = request.path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const text = await textAt(record, rest);
  plain(response, text === undefined ? 404 : 200, text ?? 'Not Found');
}

async function textAt(record: MetadataRecord, path: readonly string[]): Promise<string | undefined> {
  const [section, ...rest] = path;
  if (section === 'user-data') return rest.length === 0 ? record.userData() : undefined;
  // cloud-init crawls dynamic/instance-identity and warns if it is not there: it is, and empty.
  const root: Tree = { dynamic: { 'instance-identity': {} }, 'meta-data': metaData(record), 'user-data': '' };
  const found = at(root, path);
  if (found === undefined || typeof found === 'string') return found;
  return listing(found, section === 'meta-data' && rest.length === 1 && rest[0] === 'public-keys');
}

/** The address a request came from, IPv4 as such. */
const sourceOf = (request: Request): string => (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');

function plain(response: Response, status: number, text: string): void {
  response.status(status).set('Cache-Control', 'no-store').type('text/plain').send(text);
}
