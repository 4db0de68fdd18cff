import { keptServer, type Notices } from './kept-server.ts';
import { findTemporal } from './program.ts';

/** The Temporal server that this installation uses. */
export interface Engine {
  readonly address: string;
  /** Null where the operator's own cluster has one somewhere. */
  readonly ui: string | null;
  /** In words, for the start-up message. */
  readonly source: string;
  /** Resolves when a server of ours has been stopped. */
  readonly ended: Promise<void>;
  /** Ends a server of ours; leaves an operator's alone. */
  readonly stop: () => Promise<void>;
}

/** The server at `address`, else one whose database is in the data directory, kept running. */
export async function engine(dataDir: string, address: string | null, notices: Notices): Promise<Engine> {
  if (address === null) return keptServer(dataDir, await findTemporal(), notices);
  return {
    ...{ address, ui: null, source: `the server at ${address}` },
    ended: new Promise(() => undefined),
    stop: async () => undefined,
  };
}
