import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Express } from 'express';
import { type Logger, pino } from 'pino';
import { Registry } from 'prom-client';
import { controlActivities } from '../../activities/control.ts';
import type { Services } from '../../api/core/services.ts';
import { type PvcSettings, pvc } from '../../api/dialects/pvc/pvc.ts';
import { type AppOptions, createApp } from '../../api/http/app.ts';
import type { Dialect } from '../../api/http/dialect.ts';
import { appMetrics } from '../../api/http/metrics.ts';
import { authenticator } from '../../api/http/principal.ts';
import { keepConfiguredTokens } from '../../cli/process/configured-tokens.ts';
import type { Jobs } from '../../domain/jobs.ts';
import type { ChangeVm } from '../../domain/plan.ts';
import { openStore, type Store } from '../../store/open.ts';
import { coreOver } from '../api/core/cluster.ts';

export const TOKEN = 'test-token-admin';

export interface Served {
  readonly store: Store;
  readonly services: Services;
  readonly dialect: Dialect;
  readonly origin: string;
  /** Lines that the app logged. */
  readonly logged: () => string;
  readonly app: Express;
  /** Leaves nothing; with a path, but for the store's file there. */
  close(keep?: string): Promise<void>;
}

/** The app over the core over a store on disk (a copy of `file`, else an empty one), listening on a free port. */
export async function served(
  settings: Partial<PvcSettings> = {},
  more: Partial<AppOptions> = {},
  file?: string,
): Promise<Served> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-served-'));
  const own = join(dir, 'slipway.db');
  if (file !== undefined) copyFileSync(file, own);
  const store = openStore(own);
  if (file === undefined)
    await keepConfiguredTokens(store, [{ token: TOKEN, description: 'admin', role: 'admin', tenant: 'default' }]);
  const lines: string[] = [];
  const logger: Logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const services = coreOver(store, deletingEngine(store), logger);
  const authentication = settings.authentication ?? true;
  const dialect = pvc(services, { failureStatus: 'manual', authentication, version: '1.0.3', ...settings });
  const app = createApp({
    dialects: [dialect],
    authenticate: authenticator(services.tokens, authentication),
    logger,
    version: '1.0.3',
    metrics: appMetrics(new Registry(), async () => ({ PENDING: 1, RUNNING: 0, SUCCESS: 2, FAILURE: 0, REVOKED: 0 })),
    ...more,
  });
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...{ store, services, dialect, app },
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    logged: () => lines.join(''),
    close: async (keep) => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
      if (keep !== undefined) copyFileSync(own, keep);
      rmSync(dir, { recursive: true });
    },
  };
}

/** An engine that gets nothing done but deletions: the one thing that a request waits for. */
function deletingEngine(store: Store): Jobs {
  const control = controlActivities(store);
  return {
    start: async ({ id, kind, input }) => {
      if (kind !== 'vm.delete') return;
      const { vm, deleteDisks } = input as ChangeVm;
      await control.forgetVm(vm, !deleteDisks);
      await control.finishTask(id, { state: 'SUCCESS', status: 'Deleted.', error: null });
    },
    cancel: async () => undefined,
    wakePool: async () => undefined,
    schedulePools: async () => undefined,
    fate: async () => null,
  };
}

export type Way = 'query' | 'form' | 'parts' | 'json';
export const WAYS: readonly Way[] = ['query', 'form', 'parts', 'json'];

export type Values = Readonly<Record<string, string | readonly string[]>>;

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a body
  readonly body: any;
  readonly headers: Headers;
}

/** A client of the API with its key, sending values in any of the ways. */
export const client =
  (origin: string, base = '/api/v1') =>
  async (
    method: string,
    path: string,
    values: Values = {},
    way: Way = 'query',
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const pairs = new URLSearchParams(
      Object.entries(values).flatMap(([key, value]) =>
        [value].flat().map((one) => [key, `${one}`] as [string, string]),
      ),
    );
    const inQuery = way === 'query' || method === 'GET';
    const url = `${origin}${base}${path}${inQuery && pairs.size > 0 ? `?${pairs}` : ''}`;
    const bodies: Record<Way, () => BodyInit | null> = {
      query: () => null,
      form: () => pairs,
      parts: () => formOf(pairs),
      json: () => JSON.stringify(values),
    };
    const body = inQuery ? null : bodies[way]();
    const type: Record<string, string> = !inQuery && way === 'json' ? { 'Content-Type': 'application/json' } : {};
    const response = await fetch(url, { method, headers: { 'X-Api-Key': TOKEN, ...type, ...headers }, body });
    const text = await response.text();
    return { status: response.status, body: parse(text), headers: response.headers };
  };

function formOf(pairs: URLSearchParams): FormData {
  const form = new FormData();
  for (const [key, value] of pairs) form.append(key, value);
  return form;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
