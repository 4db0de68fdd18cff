import { link, mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { conflict, notFound } from '../../../domain/fault.ts';
import type { VolumeId } from '../../../domain/ids.ts';
import { type MiB, mib, mibToBytes } from '../../../domain/units.ts';
import type { Run } from '../run.ts';
import type { StorageDriver } from './driver.ts';
import { qcow2Header } from './qcow2.ts';
import { inTurn } from './turn.ts';
import { checkName, workingFor, workingName } from './volume-name.ts';

export interface LocalOptions {
  /** Directory of the pool; made when missing. Written to by one process: its node's worker. */
  readonly path: string;
  readonly run: Run;
}

interface Found {
  readonly path: string;
  /** By the file's name, never by its content: a guest could write a qcow2 header, with any backing file, into a raw disk. */
  readonly format: 'raw' | 'qcow2';
  readonly bytes: number;
  readonly backing: string | null;
}

const FORMATS = ['raw', 'qcow2'] as const;
const BYTES_PER_MIB = 1024 * 1024;
const absent = (error: NodeJS.ErrnoException): boolean => error.code === 'ENOENT';

/** A directory of disk images: blank volumes are sparse raw files, or qcow2 where they are to keep snapshots; clones are qcow2 overlays whose backing file is named relative to the pool. */
export function local({ path, run }: LocalOptions): StorageDriver {
  const exclusively = async <T>(work: () => Promise<T>): Promise<T> => {
    await mkdir(path, { recursive: true });
    return inTurn(path, work);
  };

  return {
    traits: { shared: false, thinClones: true, snapshots: false, onlineResize: false },

    ensure: (volume, size, { snapshots } = { snapshots: false }) =>
      exclusively(async () => {
        const found = await find(path, volume);
        if (found) {
          demand(volume, found.bytes === mibToBytes(size), `${sizeOf(found)} MiB, not ${size}`);
          return demand(volume, !snapshots || found.format === 'qcow2', `${found.format}, which keeps no snapshots`);
        }
        const bytes = mibToBytes(size);
        if (!snapshots) return place(path, volume, 'raw', (file) => makeSparse(file, bytes));
        await place(path, volume, 'qcow2', async (file) => {
          await run(['qemu-img', 'create', '-q', '-f', 'qcow2', file, String(bytes)]);
        });
      }),

    clone: (source, volume, size) =>
      exclusively(async () => {
        const found = await find(path, volume);
        const from = await find(path, source);
        if (found) {
          const same = found.backing !== null && FORMATS.some((f) => found.backing === `${source}.${f}`);
          demand(volume, same, `no clone of '${source}'`);
          const wanted = Math.max(mibToBytes(size), from?.bytes ?? 0);
          return demand(volume, found.bytes === wanted, `${sizeOf(found)} MiB, not ${size}`);
        }
        if (!from) throw notFound('volume', source);
        const bytes = String(Math.max(mibToBytes(size), from.bytes));
        await place(path, volume, 'qcow2', async (file) => {
          await run([
            'qemu-img',
            'create',
            '-q',
            '-f',
            'qcow2',
            '-F',
            from.format,
            '-b',
            basename(from.path),
            file,
            bytes,
          ]);
        });
      }),

    remove: (volume) =>
      exclusively(async () => {
        const found = await find(path, volume);
        const clones = found ? await dependents(path, basename(found.path)) : [];
        if (clones.length > 0) throw conflict(`Volume '${volume}' is what ${clones.join(', ')} is cloned from.`);
        if (found) await rm(found.path, { force: true });
        await sweep(path, volume);
      }),

    list: () => exclusively(() => listing(path)),

    async capacity() {
      await mkdir(path, { recursive: true });
      const fs = await statfs(path);
      const inMib = (blocks: number): number => Math.floor((blocks * fs.bsize) / BYTES_PER_MIB);
      return { total: mib(inMib(fs.blocks)), free: inMib(fs.bavail) };
    },

    async locate(volume) {
      const found = await find(path, volume);
      if (!found) throw notFound('volume', volume);
      return { type: 'file', path: found.path, format: found.format };
    },
  };
}

const sizeOf = (found: { readonly bytes: number }): MiB => mib(Math.max(1, Math.ceil(found.bytes / BYTES_PER_MIB)));

function demand(volume: VolumeId, holds: boolean, is: string): void {
  if (!holds) throw conflict(`Volume '${volume}' exists and is ${is}.`);
}

async function find(path: string, volume: VolumeId): Promise<Found | undefined> {
  checkName(volume);
  for (const format of FORMATS) {
    const file = join(path, `${volume}.${format}`);
    const found = await describe(file, format).catch((error: NodeJS.ErrnoException) => {
      if (absent(error)) return undefined;
      throw error;
    });
    if (found) return found;
  }
  return undefined;
}

async function describe(path: string, format: Found['format']): Promise<Found> {
  if (format === 'raw') return { path, format, bytes: (await stat(path)).size, backing: null };
  const header = await qcow2Header(path);
  return { path, format, bytes: header.size, backing: header.backing };
}

/** Makes a file under a working name and then, whole and on stable storage, gives it its own; never replaces a volume. */
async function place(
  path: string,
  volume: VolumeId,
  format: Found['format'],
  make: (file: string) => Promise<void>,
): Promise<void> {
  await sweep(path, volume);
  const working = join(path, workingName(volume));
  try {
    await make(working);
    await sync(working);
    await link(working, join(path, `${volume}.${format}`));
    await sync(path);
  } finally {
    await rm(working, { force: true });
  }
}

async function makeSparse(file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  await handle.truncate(bytes);
  await handle.close();
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}

/** Removes what killed attempts left of a volume. */
async function sweep(path: string, volume: VolumeId): Promise<void> {
  for (const file of await readdir(path)) {
    if (workingFor(file) === volume) await rm(join(path, file), { force: true });
  }
}

async function dependents(path: string, backing: string): Promise<readonly string[]> {
  const overlays = (await readdir(path)).filter((file) => file.endsWith('.qcow2') && !file.startsWith('.'));
  const headers = await Promise.all(
    overlays.map(async (file) => ({ file, header: await qcow2Header(join(path, file)) })),
  );
  return headers.filter(({ header }) => header.backing === backing).map(({ file }) => file.slice(0, -'.qcow2'.length));
}

async function listing(path: string): Promise<readonly { readonly volume: VolumeId; readonly size: MiB }[]> {
  const sizes = new Map<VolumeId, MiB>();
  for (const file of await readdir(path)) {
    const half = workingFor(file);
    if (half && !sizes.has(half)) sizes.set(half, mib(1));
    const format = FORMATS.find((f) => file.endsWith(`.${f}`));
    if (!format || file.startsWith('.')) continue;
    const found = await describe(join(path, file), format);
    sizes.set(file.slice(0, -format.length - 1) as VolumeId, sizeOf(found));
  }
  return [...sizes].map(([volume, size]) => ({ volume, size }));
}
