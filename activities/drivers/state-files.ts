import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { absent } from './absent.ts';
import { writeWhole } from './write-whole.ts';

/** A simulated world: one JSON file a thing, so that it outlives SIGKILL and is shared by processes. */
export interface StateFiles<T> {
  readonly find: (key: string) => Promise<T | undefined>;
  /** Replaces the file in one step. */
  readonly put: (key: string, value: T) => Promise<void>;
  readonly drop: (key: string) => Promise<void>;
  readonly keys: () => Promise<readonly string[]>;
  readonly all: () => Promise<readonly T[]>;
}

const writing = new Map<string, Promise<void>>();

/** Runs work on a file after what was begun on it before. */
async function inTurn(file: string, work: () => Promise<void>): Promise<void> {
  const mine = (writing.get(file) ?? Promise.resolve()).then(work, work);
  writing.set(file, mine);
  try {
    await mine;
  } finally {
    if (writing.get(file) === mine) writing.delete(file);
  }
}

/** Things kept in `dir`, which need not exist yet; keys are file names. */
export function stateFiles<T>(dir: string): StateFiles<T> {
  const path = (key: string): string => join(dir, `${key}.json`);
  const find = async (key: string): Promise<T | undefined> => {
    const text = await readFile(path(key), 'utf8').catch(absent);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  };
  const keys = async (): Promise<readonly string[]> => {
    const names = (await readdir(dir).catch(absent)) ?? [];
    return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  };
  return {
    find,
    put: (key, value) => inTurn(path(key), () => writeWhole(path(key), `${JSON.stringify(value, null, 2)}\n`)),
    drop: async (key) => {
      await rm(path(key), { force: true });
      // A process that was killed while it wrote has left its draft.
      const names = (await readdir(dir).catch(absent)) ?? [];
      for (const name of names) if (name.startsWith(`${key}.json.`)) await rm(join(dir, name), { force: true });
    },
    keys,
    // One that is dropped meanwhile is none.
    all: async () => (await Promise.all((await keys()).map(find))).filter((value) => value !== undefined),
  };
}
