import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createHttp, maxHeaderSize, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext } from 'node:tls';
import type { Express } from 'express';
import { invalid, unavailable } from '../../domain/fault.ts';
import type { Config } from '../config/schema.ts';
import { authority, type Endpoint } from '../instance/ports.ts';
import type { Running } from './running.ts';

/** How long an idle connection is kept; proxies keep theirs for a minute. */
const KEEP_ALIVE_MS = 65_000;
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
  const server = ssl?.enabled ? createHttps(readPair(ssl), app) : createHttp(app);
  // Longer than proxies keep theirs, so that none sends a request into a connection that is being closed.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('clientError', refuseUnparsed);
  const ended = new Promise<void>((resolve, reject) => {
    server.once('close', resolve).once('error', reject);
  });
  // Whoever waits for `ended` hears of it; nobody does before it listens.
  ended.catch(() => undefined);
  await listening(server, option, endpoint);
  // As it is: a port of 0 has become one.
  const { address: host, port } = server.address() as AddressInfo;
  return {
    name,
    at: authority({ host, port }),
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

/** Node's reasons for a request that never became one, as HTTP says them; 400 for all others. */
const UNPARSED: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', `The headers are larger than ${maxHeaderSize} bytes.`],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not come in time.'],
};

/** Clients of every dialect read JSON, and crash on Node's bare answer. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, message] = UNPARSED[error.code ?? ''] ?? ['400 Bad Request', 'This is no HTTP request.'];
  const body = JSON.stringify({ message });
  const head = [`HTTP/1.1 ${status}`, 'Connection: close', 'Content-Type: application/json'];
  socket.end(`${[...head, `Content-Length: ${Buffer.byteLength(body)}`].join('\r\n')}\r\n\r\n${body}`);
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
      ? 'something else listens there: end it, or choose another (a port of 0 means any free one), by the option or in slipway.yaml'
      : error.code === 'EACCES'
        ? 'ports below 1024 need root'
        : error.message;
  return unavailable(`cannot listen on ${host}:${port} (${option}): ${why}`, error);
}

/** The certificate and its key; 'invalid' names the setting whose file cannot be read, or does not fit. */
export function readPair(ssl: Config['api']['ssl']): { cert: Buffer; key: Buffer } {
  const read = (key: 'cert_file' | 'key_file'): Buffer => {
    try {
      return readFileSync(ssl[key]);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw invalid(`api.ssl.${key}`, code === 'ENOENT' ? `there is no file ${ssl[key]}.` : message);
    }
  };
  const pair = { cert: read('cert_file'), key: read('key_file') };
  try {
    createSecureContext(pair);
  } catch (error) {
    throw invalid(
      'api.ssl.key_file',
      `does not belong to ${ssl.cert_file}, or one of them is none: ${(error as Error).message}.`,
    );
  }
  return pair;
}

/** Why clients do not trust this certificate now, whoever signed it; null if its time is right. */
export function untimely(cert: Buffer): string | null {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  const now = Date.now();
  if (now < validFromDate.getTime()) return `is not valid before ${validFromDate.toISOString()}.`;
  return now > validToDate.getTime() ? `has expired on ${validToDate.toISOString()}.` : null;
}
