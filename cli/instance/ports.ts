import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { z } from 'zod';
import { invalid } from '../../domain/fault.ts';

/** Host and port as `--listen` takes them. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Reads HOST:PORT, [IPV6]:PORT or :PORT; 'invalid' naming the option. */
export function parseEndpoint(option: string, text: string, host: string): Endpoint {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw invalid(option, `'${text}' is not HOST:PORT (a port of 0 means any free one)`);
  return { host: match[1] ?? (match[2] || host), port };
}

/** As a URL's authority. */
export const authority = ({ host, port }: Endpoint): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

const Remembered = z.record(z.string(), z.number());

/** The ports of an installation: a port of 0 is chosen once, and kept from then on as long as it can be had. */
export interface Ports {
  choose(purpose: string, wanted: Endpoint): Promise<Endpoint>;
  /** The same for an address that nobody asked for: another port is chosen if this one cannot be had. */
  prefer(purpose: string, preferred: Endpoint): Promise<Endpoint>;
}

/** `file` remembers what was chosen. */
export function rememberedPorts(file: string): Ports {
  const known = read(file);
  /** The last port if it is free, else this one, else any. */
  const keep = async (purpose: string, { host, port: preferred }: Endpoint): Promise<Endpoint> => {
    const last = known[purpose];
    const port =
      (last !== undefined && (await free(host, last))) ||
      (preferred !== 0 && (await free(host, preferred))) ||
      (await freePort(host));
    if (!port) throw invalid(purpose, `cannot listen on ${host}: it is no address of this machine`);
    known[purpose] = port;
    writeFileSync(file, `${JSON.stringify(known)}\n`);
    return { host, port };
  };
  return {
    choose: async (purpose, wanted) => (wanted.port === 0 ? keep(purpose, wanted) : wanted),
    prefer: keep,
  };
}

function read(file: string): Record<string, number> {
  try {
    return Remembered.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Absent or half-written: addresses are then chosen anew.
    return {};
  }
}

/**
 * Ports that are kept come from below the range that Linux takes source ports from (32768 on): there, a client that connects to a
 * server which is down may be given that very port, and then nobody can listen on it.
 */
const [LOWEST, BEYOND] = [10_240, 32_768];
const TRIES = 50;

/** A port of `host` that nobody listens on now; 0 if `host` cannot be listened on. */
export async function freePort(host: string): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = await free(host, randomInt(LOWEST, BEYOND));
    if (port !== 0) return port;
  }
  return free(host, 0);
}

/** The port if nobody listens on it now, else 0. */
export const freePortOr = (host: string, port: number): Promise<number> => free(host, port);

/** The port if it can be listened on now (one that can, for 0); 0 if not. */
function free(host: string, port: number): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(0));
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
