import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { conflict, notFound } from '../../../domain/fault.ts';
import type { VolumeId } from '../../../domain/ids.ts';
import { type MiB, mib } from '../../../domain/units.ts';
import type { StorageDriver } from './driver.ts';
import { inTurn } from './turn.ts';
import { checkName, workingFor, workingName } from './volume-name.ts';

export interface SimStorageOptions {
  /** Directory of the pool's state: one small file per volume. */
  readonly dir: string;
  /** Milliseconds that each effect takes. */
  readonly stepMs: number;
}

interface SimVolume {
  readonly size: MiB;
  readonly source: VolumeId | null;
  /** Whether it keeps snapshots; clones do. */
  readonly snapshots?: boolean;
}

const TOTAL = mib(16 * 1024 * 1024);
const SUFFIX = '.json';

/** A pool that keeps names and sizes instead of data, in files, so that it survives a kill and is seen by every process. */
export function sim({ dir, stepMs }: SimStorageOptions): StorageDriver {
  const file = (volume: VolumeId): string => join(dir, `${volume}${SUFFIX}`);
  const exclusively = async <T>(work: () => Promise<T>): Promise<T> => {
    await mkdir(dir, { recursive: true });
    return inTurn(dir, work);
  };
  const sweep = async (volume: VolumeId): Promise<void> => {
    for (const name of await readdir(dir)) if (workingFor(name) === volume) await rm(join(dir, name), { force: true });
  };
  // Waits before the rename: a kill in the middle leaves a half-made volume, as a real pool would have.
  const place = async (volume: VolumeId, content: SimVolume): Promise<void> => {
    await sweep(volume);
    const working = join(dir, workingName(volume));
    await writeFile(working, JSON.stringify(content));
    if (stepMs > 0) await delay(stepMs);
    await rename(working, file(volume));
  };
  // Volumes are made in parallel, unlike removals and looks, so that `stepMs` does not add up.
  const make = (volume: VolumeId, content: () => Promise<SimVolume | undefined>): Promise<void> =>
    inTurn(`${dir}/${volume}`, async () => {
      await mkdir(dir, { recursive: true });
      const wanted = await content();
      if (wanted) await place(volume, wanted);
    });

  return {
    traits: { shared: false, thinClones: true, snapshots: false, onlineResize: false },

    ensure: (volume, size, { snapshots } = { snapshots: false }) =>
      make(volume, async () => {
        const found = await read(dir, volume);
        if (found && found.size !== size)
          throw conflict(`Volume '${volume}' exists and is ${found.size} MiB, not ${size}.`);
        if (found && snapshots && formatOf(found) === 'raw')
          throw conflict(`Volume '${volume}' exists and is raw, which keeps no snapshots.`);
        return found ? undefined : { size, source: null, ...(snapshots && { snapshots }) };
      }),

    clone: (source, volume, size) =>
      make(volume, async () => {
        const [found, from] = await Promise.all([read(dir, volume), read(dir, source)]);
        const grown = mib(Math.max(size, from?.size ?? 1));
        if (found && (found.source !== source || found.size !== grown)) {
          throw conflict(`Volume '${volume}' exists and is no clone of '${source}' of ${grown} MiB.`);
        }
        if (!found && !from) throw notFound('volume', source);
        return found ? undefined : { size: grown, source };
      }),

    remove: (volume) =>
      exclusively(async () => {
        checkName(volume);
        const clones = (await all(dir)).filter((v) => v.source === volume).map((v) => v.volume);
        if (clones.length > 0) throw conflict(`Volume '${volume}' is what ${clones.join(', ')} is cloned from.`);
        if (stepMs > 0) await delay(stepMs);
        await rm(file(volume), { force: true });
        await sweep(volume);
      }),

    list: () =>
      exclusively(async () => {
        const sizes = new Map((await all(dir)).map(({ volume, size }) => [volume, size]));
        for (const name of await readdir(dir)) {
          const half = workingFor(name);
          if (half && !sizes.has(half)) sizes.set(half, mib(1));
        }
        return [...sizes].map(([volume, size]) => ({ volume, size }));
      }),

    async capacity() {
      const used = (await all(dir)).reduce((sum, v) => sum + (v.source ? 0 : v.size), 0);
      return { total: TOTAL, free: TOTAL - used };
    },

    async locate(volume) {
      const found = await read(dir, volume);
      if (!found) throw notFound('volume', volume);
      return { type: 'file', path: file(volume), format: formatOf(found) };
    },
  };
}

/** What a directory of disk images would have. */
const formatOf = ({ source, snapshots }: SimVolume): 'raw' | 'qcow2' =>
  source !== null || snapshots === true ? 'qcow2' : 'raw';

async function read(dir: string, volume: VolumeId): Promise<SimVolume | undefined> {
  checkName(volume);
  try {
    return JSON.parse(await readFile(join(dir, `${volume}${SUFFIX}`), 'utf8')) as SimVolume;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function all(dir: string): Promise<readonly (SimVolume & { readonly volume: VolumeId })[]> {
  await mkdir(dir, { recursive: true });
  const names = (await readdir(dir)).filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.'));
  const volumes = names.map((name) => name.slice(0, -SUFFIX.length) as VolumeId);
  const found = await Promise.all(volumes.map(async (volume) => ({ volume, content: await read(dir, volume) })));
  return found.flatMap(({ volume, content }) => (content ? [{ volume, ...content }] : []));
}
