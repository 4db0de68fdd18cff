import { type DevServer, devServer } from './dev-server.ts';
import { findTemporal } from './program.ts';

/** The Temporal server that this installation uses. */
export interface Engine {
  readonly address: string;
  /** Null where the operator's own cluster has one somewhere. */
  readonly ui: string | null;
  /** In words, for the start-up message. */
  readonly source: string;
  /** Ends a server of ours; leaves an operator's alone. */
  readonly stop: () => Promise<void>;
}

/** The address that was given, else a dev server in the data directory. */
export async function engine(dataDir: string, address?: string, toolsDir?: string): Promise<Engine> {
  if (address) return { address, ui: null, source: `the server at ${address}`, stop: async () => undefined };
  const server: DevServer = await devServer(dataDir, await findTemporal({ toolsDir }));
  return server;
}
