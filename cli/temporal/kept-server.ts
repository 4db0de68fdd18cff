import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type DevServer, devServer } from './dev-server.ts';
import { isAlive } from './process.ts';
import type { TemporalProgram } from './program.ts';

/** The data directory's server, started again on the same address whenever it ends, until it is stopped. */
export interface KeptServer extends Omit<DevServer, 'pid'> {
  /** Resolves when it has been stopped. */
  readonly ended: Promise<void>;
}

/** What is told of a server that is kept. */
export interface Notices {
  /** It was gone. */
  readonly gone: () => void;
  /** It could not be started again, for this reason; it is tried again in `againMs` milliseconds. */
  readonly failed: (reason: unknown, againMs: number) => void;
  /** It answers again. */
  readonly back: () => void;
}

/** Milliseconds between attempts to start it again: doubled each time, up to the second. */
const AGAIN_MS = 1_000;
const AGAIN_MAX_MS = 60_000;

/** Fails if it cannot be started at first; later it is tried for ever, since what is missing can be brought back. */
export async function keptServer(dataDir: string, program: TemporalProgram, notices: Notices): Promise<KeptServer> {
  const first = await devServer(dataDir, program);
  const { address, ui, source } = first;
  const stopping = new AbortController();
  let server: DevServer | null = first;
  const keep = async (): Promise<void> => {
    while (server) {
      await gone(server, stopping.signal);
      if (stopping.signal.aborted) return;
      // Its process id may become another process's.
      server = null;
      notices.gone();
      server = await again(() => devServer(dataDir, program, address), notices, stopping.signal);
    }
  };
  const ended = keep();
  // Whoever waits for `ended` hears of it.
  ended.catch(() => undefined);
  return {
    ...{ address, ui, source, ended },
    stop: async () => {
      stopping.abort();
      await ended.catch(() => undefined);
      await server?.stop();
    },
  };
}

/** The server that `start` starts, sooner or later; null if it is stopped before. */
async function again(
  start: () => Promise<DevServer>,
  notices: Notices,
  signal: AbortSignal,
): Promise<DevServer | null> {
  for (let againMs = AGAIN_MS; !signal.aborted; againMs = Math.min(2 * againMs, AGAIN_MAX_MS)) {
    try {
      const server = await start();
      notices.back();
      return server;
    } catch (reason) {
      notices.failed(reason, againMs);
      await pause(againMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return null;
}

/**
 * Resolves when the server's process has ended. One that was found running is no child of ours, so nothing tells of its
 * end but its connections: the kernel closes them.
 */
async function gone({ address, pid }: DevServer, signal: AbortSignal): Promise<void> {
  const [host = '', port] = address.split(':');
  while (!signal.aborted && isAlive(pid)) {
    const socket = connect({ host, port: Number(port), signal });
    // A server that is there closes an idle connection now and then; a refused, reset or aborted one is closed at once.
    socket.on('error', () => undefined).resume();
    await new Promise((resolve) => socket.once('close', resolve));
  }
}
