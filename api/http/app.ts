import express, { type Express, type Request, type Response, Router } from 'express';
import type { Logger } from 'pino';
import { DomainError } from '../../domain/fault.ts';
import { bodyText } from './body.ts';
import type { Dialect } from './dialect.ts';
import { docsRouter } from './docs.ts';
import { FAULT_HEADER, type Failure, HttpError, isTrouble, toFailure } from './failure.ts';
import { type Check, healthRouter } from './health.ts';
import type { AppMetrics } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import { type Authenticate, NOBODY } from './principal.ts';
import { exchange, exchangeOf } from './request.ts';
import type { Route } from './route.ts';
import { send } from './send.ts';
import { sendPretty } from './send-pretty.ts';
import { requestValues, valuesBesideBody } from './values.ts';

export interface AppOptions {
  /** In order of precedence where mounts overlap. */
  readonly dialects: readonly Dialect[];
  readonly authenticate: Authenticate;
  readonly logger: Logger;
  readonly version: string;
  readonly metrics?: AppMetrics;
  /** What `/readyz` asks. */
  readonly checks?: readonly Check[];
  /** Aborted when the server closes: ends event streams and waiting requests. */
  readonly closing?: AbortSignal;
}

/** The API as one Express application: every dialect at its mounts, documents, health and metrics. */
export function createApp(options: AppOptions): Express {
  const { dialects, authenticate, logger, version, metrics, checks, closing } = options;
  const app = express();
  app.disable('x-powered-by');
  // Values are read by requestValues, which knows the dialects' rules.
  app.set('query parser', false);
  app.use(exchange(logger, closing, metrics?.observe));
  app.use(healthRouter(checks ?? [], metrics));
  app.use(
    '/docs',
    docsRouter(dialects.map(({ title, mounts }) => ({ name: title, url: `${mounts[0]}/openapi.json` }))),
  );
  for (const dialect of dialects) {
    // Made when it is first asked for: no start waits for it.
    let document: object | undefined;
    for (const mount of dialect.mounts)
      app.get(`${mount === '/' ? '' : mount}/openapi.json`, (_request, response) => {
        document ??= openApiDocument(dialect, version);
        response.json(document);
      });
  }
  for (const dialect of dialects) {
    const router = dialectRouter(dialect, authenticate);
    // One at a time: in a list, Express takes `/` for that path alone.
    for (const mount of dialect.mounts) app.use(mount, router);
  }
  app.use(nothingHere(dialects));
  app.use((error: unknown, request: Request, response: Response, _next: unknown) =>
    fail(response, dialectAt(dialects, request.path), knownError(error)),
  );
  return app;
}

function dialectRouter(dialect: Dialect, authenticate: Authenticate): Router {
  const router = Router();
  const hidden = dialect.manners?.otherMethods === 'unknown';
  // Express would answer by itself.
  if (hidden)
    router.options('/{*path}', (request, response) =>
      fail(response, dialect, new HttpError(404, `There is nothing at ${request.path}.`)),
    );
  for (const route of dialect.routes) {
    router[route.method](route.path, (request, response, next) =>
      route.spec.exact && request.path.endsWith('/') ? next() : serve(dialect, route, authenticate, request, response),
    );
  }
  if (hidden) return router;
  // Reached only where no route answered: another dialect may know the path, so it is only noted what this one would allow.
  for (const { method, path } of dialect.routes) {
    router.all(path, (_request, response, next) => {
      exchangeOf(response).allow.add(method.toUpperCase());
      next();
    });
  }
  return router;
}

async function serve(dialect: Dialect, route: Route, authenticate: Authenticate, request: Request, response: Response) {
  const known = exchangeOf(response);
  known.dialect = dialect.name;
  known.route = route.path;
  try {
    const { auth, document, nulls } = route.spec;
    const principal = auth === undefined ? await authenticate(request) : NOBODY;
    if (principal === null) throw new DomainError({ kind: 'unauthorized', why: 'Authentication required' });
    known.account = principal.account;
    const bareKeys = dialect.manners?.bareKeys;
    const values =
      document === undefined
        ? await requestValues(request, response, { bareKeys, nulls })
        : valuesBesideBody(request, bareKeys);
    const text = document === undefined || document === 'ignored' ? '' : await bodyText(request, response);
    const header = (name: string): string | undefined => request.get(name);
    const reply = await route.handle({
      values,
      principal,
      mount: request.baseUrl,
      secure: request.secure,
      address: request.socket.remoteAddress ?? '',
      get signal() {
        return known.signal;
      },
      get gone() {
        return known.gone;
      },
      text,
      named: (account) => {
        known.account = account;
      },
      header,
    });
    known.task = reply.task ?? null;
    await writer(dialect)(response, reply, known);
  } catch (error) {
    await fail(response, dialect, error);
  }
}

/** Answers with the dialect's words; what was not meant for the caller goes to the log only. */
async function fail(response: Response, dialect: Dialect | undefined, error: unknown): Promise<void> {
  const known = exchangeOf(response);
  const { id, log } = known;
  const failure = toFailure(error, id);
  if (isTrouble(failure)) log.error({ err: error }, 'request failed');
  else log.debug({ err: error }, 'request refused');
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // Dialects have one status for many kinds: whoever wants to act on the kind finds it here.
  if (failure.fault !== null) response.set(FAULT_HEADER, failure.fault.kind);
  await writer(dialect)(response, (dialect?.failure ?? plainFailure)(failure), known);
}

const writer = (dialect: Dialect | undefined): typeof send =>
  dialect?.manners?.bodies === 'pretty' ? sendPretty : send;

const plainFailure = ({ status, message }: Failure) => ({ status, body: { message } });

function nothingHere(dialects: readonly Dialect[]) {
  return async (request: Request, response: Response): Promise<void> => {
    const { allow } = exchangeOf(response);
    if (allow.has('GET')) allow.add('HEAD');
    if (allow.size > 0) response.set('Allow', [...allow].sort().join(', '));
    const error =
      allow.size > 0
        ? new HttpError(405, `${request.path} does not know the method ${request.method}.`)
        : new HttpError(404, `There is nothing at ${request.path}.`);
    await fail(response, dialectAt(dialects, request.path), error);
  };
}

/** The dialect whose words fit a path: the one with the longest mount that leads to it. */
function dialectAt(dialects: readonly Dialect[], path: string): Dialect | undefined {
  const leads = (mount: string): boolean => mount === '/' || path === mount || path.startsWith(`${mount}/`);
  return dialects
    .flatMap((dialect) => dialect.mounts.filter(leads).map((mount) => ({ dialect, mount })))
    .sort((a, b) => b.mount.length - a.mount.length)[0]?.dialect;
}

/** Express reports what it cannot decode as an error with a status. */
function knownError(error: unknown): unknown {
  const { status } = error as { status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 500
    ? new HttpError(status, 'The request cannot be decoded.')
    : error;
}
