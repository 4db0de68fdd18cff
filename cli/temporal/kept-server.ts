import { once } from 'node:events';
import { connect } from 'node:net';
import { type DevServer, devServer } from './dev-server.ts';
import { isAlive } from './process.ts';
import type { TemporalProgram } from './program.ts';

/** The data directory's server, started again on the same addresses whenever it ends, until it is stopped. */
export interface KeptServer extends Omit<DevServer, 'pid'> {
  /** Rejects when it could not be started again. */
  readonly ended: Promise<void>;
}

/** `restarted` is told each time that the server was gone. */
export async function keptServer(
  dataDir: string,
  program: TemporalProgram,
  restarted: () => void,
): Promise<KeptServer> {
  let server = await devServer(dataDir, program);
  const stopping = new AbortController();
  const keep = async (): Promise<void> => {
    for (;;) {
      await gone(server, stopping.signal);
      if (stopping.signal.aborted) return;
      restarted();
      server = await devServer(dataDir, program);
    }
  };
  const ended = keep();
  // Whoever waits for `ended` hears of it.
  ended.catch(() => undefined);
  const { address, ui, source } = server;
  return {
    ...{ address, ui, source, ended },
    stop: async () => {
      stopping.abort();
      await ended.catch(() => undefined);
      await server.stop();
    },
  };
}

/**
 * Resolves when the server's process has ended. One that was found running is no child of ours, so nothing tells of its
 * end but its connections: the kernel closes them.
 */
async function gone({ address, pid }: DevServer, signal: AbortSignal): Promise<void> {
  const [host = '', port] = address.split(':');
  while (!signal.aborted && (await isAlive(pid))) {
    const socket = connect({ host, port: Number(port), signal });
    // A server that is there closes an idle connection now and then; a refused or aborted one is closed at once.
    socket.on('error', () => undefined).resume();
    await once(socket, 'close');
  }
}
