import { readFileSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { Express } from 'express';
import { invalid, unavailable } from '../../domain/fault.ts';
import type { Config } from '../config/schema.ts';
import type { Endpoint } from '../instance/ports.ts';
import type { Running } from './running.ts';

/** How long a request in flight may take when the server is told to stop. */
const DRAIN_MS = 5_000;

export interface ListenOptions {
  readonly name: string;
  /** The option or setting that names the endpoint, for the error. */
  readonly option: string;
  readonly endpoint: Endpoint;
  readonly ssl?: Config['api']['ssl'];
}

/** Serves the application until stopped; resolves when it listens. 'unavailable' with the way out if the address is taken. */
export async function listen(app: Express, options: ListenOptions): Promise<Running> {
  const { name, option, endpoint, ssl } = options;
  const server = ssl?.enabled ? createHttps(pair(ssl), app) : createHttp(app);
  const ended = new Promise<void>((resolve, reject) => {
    server.once('close', resolve).once('error', reject);
  });
  // Whoever waits for `ended` hears of it; nobody does before it listens.
  ended.catch(() => undefined);
  await listening(server, option, endpoint);
  return {
    name,
    ended,
    stop: async () => {
      if (!server.listening) return ended;
      server.close();
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

function listening(server: Server, option: string, { host, port }: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refused(option, host, port, error)));
    server.listen(port, host, resolve);
  });
}

function refused(option: string, host: string, port: number, error: NodeJS.ErrnoException): Error {
  const why =
    error.code === 'EADDRINUSE'
      ? 'something else listens there: end it, or choose another (a port of 0 means any free one)'
      : error.code === 'EACCES'
        ? 'ports below 1024 need root'
        : error.message;
  return unavailable(`cannot listen on ${host}:${port} (${option}): ${why}`, error);
}

function pair(ssl: Config['api']['ssl']): { cert: Buffer; key: Buffer } {
  const read = (key: 'cert_file' | 'key_file'): Buffer => {
    try {
      return readFileSync(ssl[key]);
    } catch (error) {
      throw invalid(`api.ssl.${key}`, (error as Error).message);
    }
  };
  return { cert: read('cert_file'), key: read('key_file') };
}
