import { mkdirSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type LogPart, type LogPlace, readLog, readLogEnd } from '../../activities/drivers/hypervisor/console-log.ts';
import { CONSOLE_KEPT } from '../../domain/control-plane.ts';
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
  /** What a log ends with as it is followed from now on; resolves with the byte that more of it begins at. */
  readonly resume: (vm: VmId, text: string) => Promise<number>;
  readonly append: (vm: VmId, offset: number, text: string) => Promise<void>;
  readonly warn: (error: unknown, vm: VmId) => void;
}

/** How far a log was handed on. */
interface Reached {
  /** Null before the first byte of it. */
  readonly place: LogPlace | null;
  /** The beginning of a character of which the end is not there yet. */
  readonly begun: Buffer;
  /** What the control plane counts the next byte as. */
  readonly end: number;
}

/** One watch on the directory that all logs of a node are in. */
export function followConsoles({ path, resume, append, warn }: FollowOptions): ConsoleFollower {
  const dir = dirname(path('any' as VmId));
  mkdirSync(dir, { recursive: true });
  const reached = new Map<VmId, Reached | null>();
  const busy = new Map<VmId, Promise<void>>();
  const again = new Set<VmId>();

  const pump = async (vm: VmId): Promise<void> => {
    do {
      again.delete(vm);
      let from = reached.get(vm) ?? (await begin(path(vm), (text) => resume(vm, text)));
      reached.set(vm, from);
      for await (const part of readLog(path(vm), from.place)) {
        from = await handOn(part, from, (offset, text) => append(vm, offset, text));
        reached.set(vm, from);
      }
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

/** Hands on the last of what there is. */
async function begin(log: string, resume: (text: string) => Promise<number>): Promise<Reached> {
  const { bytes, place } = await readLogEnd(log, CONSOLE_KEPT);
  const whole = wholeCharacters(bytes);
  // Where the log is longer, it may be cut within a character.
  const first = Math.max(0, bytes.subarray(0, 4).findIndex(begins));
  const end = await resume(whole.toString('utf8', first));
  return { place, begun: bytes.subarray(whole.length), end };
}

async function handOn(
  { bytes, place }: LogPart,
  { begun, end }: Reached,
  append: (offset: number, text: string) => Promise<void>,
): Promise<Reached> {
  const more = Buffer.concat([begun, bytes]);
  const whole = wholeCharacters(more);
  const text = whole.toString('utf8');
  if (text !== '') await append(end, text);
  return { place, begun: more.subarray(whole.length), end: end + Buffer.byteLength(text) };
}

/** Whether a character begins with this byte. */
const begins = (byte: number): boolean => byte < 0x80 || byte >= 0xc0;

/** Without a character at the end of which only the beginning has been written yet. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (!begins(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}
