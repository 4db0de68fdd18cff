import { mkdirSync, watch } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { VmId } from '../../domain/ids.ts';

/** Hands the growth of a node's console logs on. */
export interface ConsoleFollower {
  /** Hands on what there is of this VM's log, and from now on what is added. */
  follow(vm: VmId): void;
  /** Resolves when what was begun is handed on. */
  stop(): Promise<void>;
}

export interface FollowOptions {
  readonly path: (vm: VmId) => string;
  readonly append: (vm: VmId, offset: number, text: string) => Promise<void>;
  readonly warn: (error: unknown, vm: VmId) => void;
}

/** Bytes read at once. */
const CHUNK = 64 * 1024;

/**
 * How far a log was handed on. libvirt's virtlogd moves a long one aside (`web1.log.0`) and begins another: `base` counts
 * what is in those, so that offsets go on growing.
 */
interface Reached {
  readonly base: number;
  readonly offset: number;
}

/** One watch on the directory that all logs of a node are in. */
export function followConsoles({ path, append, warn }: FollowOptions): ConsoleFollower {
  const dir = dirname(path('any' as VmId));
  mkdirSync(dir, { recursive: true });
  const reached = new Map<VmId, Reached | null>();
  const busy = new Map<VmId, Promise<void>>();
  const again = new Set<VmId>();

  const pump = async (vm: VmId): Promise<void> => {
    do {
      again.delete(vm);
      const from = reached.get(vm) ?? { base: await movedAside(path(vm)), offset: 0 };
      reached.set(vm, await handOn(path(vm), from, (offset, text) => append(vm, offset, text)));
    } while (again.has(vm));
  };
  const look = (vm: VmId): void => {
    if (busy.has(vm)) {
      again.add(vm);
      return;
    }
    const work = pump(vm)
      .catch((error: unknown) => warn(error, vm))
      .finally(() => busy.delete(vm));
    busy.set(vm, work);
  };
  const watcher = watch(dir, (_event, file) => {
    const vm = [...reached.keys()].find((one) => basename(path(one)) === file);
    if (vm) look(vm);
  });
  return {
    follow: (vm) => {
      if (!reached.has(vm)) reached.set(vm, null);
      look(vm);
    },
    stop: async () => {
      watcher.close();
      await Promise.all(busy.values());
    },
  };
}

/** Bytes of a log that were moved aside; virtlogd drops the oldest of them some day. */
async function movedAside(file: string): Promise<number> {
  const [dir, name] = [dirname(file), `${basename(file)}.`];
  const aside = (await readdir(dir)).filter((one) => one.startsWith(name) && /^\d+$/.test(one.slice(name.length)));
  const sizes = await Promise.all(aside.map(async (one) => (await stat(join(dir, one))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Returns how far the file was handed on; a file that is not there (any more) has nothing. */
async function handOn(
  file: string,
  from: Reached,
  append: (offset: number, text: string) => Promise<void>,
): Promise<Reached> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!handle) return from;
  try {
    let { base, offset } = from;
    if ((await handle.stat()).size < offset) [base, offset] = [base + offset, 0];
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK), 0, CHUNK, offset);
      const whole = wholeCharacters(buffer.subarray(0, bytesRead));
      if (whole.length === 0) return { base, offset };
      await append(base + offset, sameLength(whole));
      offset += whole.length;
    }
  } finally {
    await handle.close();
  }
}

/** Without a character at the end of which only the beginning has been written yet. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** As text that has as many bytes in UTF-8, since offsets count bytes: a guest may write anything. */
function sameLength(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything that is not ASCII.
  return text.includes('\ufffd') ? bytes.toString('latin1').replace(/[^\x00-\x7f]/g, '?') : text;
}
