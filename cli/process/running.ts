import { constants } from 'node:os';

/** Something that goes on until it is told to stop, or fails. */
export interface Running {
  readonly name: string;
  /** HOST:PORT that it listens on, if it does. */
  readonly at?: string;
  /** Rejects if it fails; resolves when it has stopped. */
  readonly ended: Promise<void>;
  /** Resolves when it has finished or given back what it was at. May be called twice. */
  stop(): Promise<void>;
}

/** Things that were begun, to be ended in the opposite order. */
export interface Stack {
  /** Returns what it was given. */
  push<T extends { stop(): Promise<void> }>(thing: T): T;
  /** To be ended at once, each group in the opposite order. */
  together(groups: readonly (readonly { stop(): Promise<void> }[])[]): void;
  /** Ends all, last begun first; one that fails does not keep the others from ending. */
  stop(): Promise<void>;
}

/** `failed` hears of what could not be ended. */
export function stack(failed: (error: unknown) => void): Stack {
  const things: { stop(): Promise<void> }[] = [];
  const end = async (begun: { stop(): Promise<void> }[]): Promise<void> => {
    for (let thing = begun.pop(); thing; thing = begun.pop()) await thing.stop().catch(failed);
  };
  return {
    push: (thing) => {
      things.push(thing);
      return thing;
    },
    together: (groups) => {
      const all = groups.map((group) => [...group]);
      things.push({ stop: async () => void (await Promise.all(all.map(end))) });
    },
    stop: () => end(things),
  };
}

/** Resolves with the signal's name at the first SIGTERM, SIGINT or SIGHUP (its terminal was closed); a second one ends the process at once. */
export function askedToStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(128 + constants.signals[signal]);
      asked = true;
      resolve(signal);
    };
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, ask);
  });
}
