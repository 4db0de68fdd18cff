import { keptServer } from './kept-server.ts';
import { findTemporal } from './program.ts';

/** The Temporal server that this installation uses. */
export interface Engine {
  readonly address: string;
  /** Null where the operator's own cluster has one somewhere. */
  readonly ui: string | null;
  /** In words, for the start-up message. */
  readonly source: string;
  /** Rejects when a server of ours is gone for good. */
  readonly ended: Promise<void>;
  /** Ends a server of ours; leaves an operator's alone. */
  readonly stop: () => Promise<void>;
}

/** The server at `address`, else one whose database is in the data directory, kept running. `restarted` is told when it was gone. */
export async function engine(dataDir: string, address: string | null, restarted: () => void): Promise<Engine> {
  if (address === null) return keptServer(dataDir, await findTemporal(), restarted);
  return {
    ...{ address, ui: null, source: `the server at ${address}` },
    ended: new Promise(() => undefined),
    stop: async () => undefined,
  };
}
