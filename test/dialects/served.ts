import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { type Logger, pino } from 'pino';
import { Registry } from 'prom-client';
import { type PvcSettings, pvc } from '../../api/dialects/pvc/pvc.ts';
import { type AppOptions, createApp } from '../../api/http/app.ts';
import { appMetrics } from '../../api/http/metrics.ts';
import { authenticator } from '../../api/http/principal.ts';
import { type Memory, memoryServices, TOKEN } from './memory-services.ts';

export interface Served {
  readonly memory: Memory;
  readonly origin: string;
  /** Lines that the app logged. */
  readonly logged: () => string;
  readonly app: Express;
  close(): Promise<void>;
}

/** The app over services in memory, listening on a free port. */
export async function served(settings: Partial<PvcSettings> = {}, more: Partial<AppOptions> = {}): Promise<Served> {
  const memory = memoryServices();
  const lines: string[] = [];
  const logger: Logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const authentication = settings.authentication ?? true;
  const dialect = pvc(memory.services, { failureStatus: 'manual', authentication, version: '1.0.3', ...settings });
  const app = createApp({
    dialects: [dialect],
    authenticate: authenticator(memory.services.tokens, authentication),
    logger,
    version: '1.0.3',
    metrics: appMetrics(new Registry(), async () => ({ PENDING: 1, RUNNING: 0, SUCCESS: 2, FAILURE: 0, REVOKED: 0 })),
    ...more,
  });
  const server: Server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    memory,
    app,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    logged: () => lines.join(''),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type Way = 'query' | 'form' | 'json';
export const WAYS: readonly Way[] = ['query', 'form', 'json'];

export type Values = Readonly<Record<string, string | readonly string[]>>;

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a body
  readonly body: any;
  readonly headers: Headers;
}

/** A client of the API with its key, sending values in any of the three ways. */
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
    const body = inQuery ? {} : way === 'form' ? { body: pairs } : { body: JSON.stringify(values) };
    const type: Record<string, string> = !inQuery && way === 'json' ? { 'Content-Type': 'application/json' } : {};
    const response = await fetch(url, { method, headers: { 'X-Api-Key': TOKEN, ...type, ...headers }, ...body });
    const text = await response.text();
    return { status: response.status, body: parse(text), headers: response.headers };
  };

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
