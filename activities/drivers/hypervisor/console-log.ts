import { type FileHandle, open } from 'node:fs/promises';
import { absent } from '../absent.ts';

/** How far a log was read. */
export interface LogPlace {
  /** Names the file also when it was moved aside. */
  readonly file: string;
  /** Bytes of that file. */
  readonly offset: number;
}

export interface LogPart {
  readonly bytes: Buffer;
  /** After these bytes. */
  readonly place: LogPlace;
}

/** Bytes read at once. */
const CHUNK = 64 * 1024;

/**
 * What was written to a log since the place; without one, all that there is. virtlogd moves a long log aside (`web1.log.0`, what
 * was that becomes `.1` …), drops the oldest and begins another: its files are read as one, however they are moved meanwhile.
 */
export async function* readLog(log: string, since: LogPlace | null): AsyncGenerator<LogPart> {
  const files = await openFiles(log, (opened) => opened.at(-1)?.id === since?.file);
  try {
    for (const file of files) yield* parts(file, file.id === since?.file ? since.offset : 0);
  } finally {
    await closeAll(files);
  }
}

/** The last bytes of a log, over all its files, and the place after them; null where nothing was written yet. */
export async function readLogEnd(log: string, most: number): Promise<{ bytes: Buffer; place: LogPlace | null }> {
  const files = await openFiles(log, (opened) => opened.reduce((sum, { size }) => sum + size, 0) >= most);
  try {
    let [bytes, place]: [Buffer, LogPlace | null] = [Buffer.alloc(0), null];
    for (const file of files) {
      for await (const part of parts(file, Math.max(0, file.size - most)))
        [bytes, place] = [Buffer.concat([bytes, part.bytes]).subarray(-most), part.place];
    }
    return { bytes, place };
  } finally {
    await closeAll(files);
  }
}

interface LogFile {
  readonly handle: FileHandle;
  readonly id: string;
  /** Bytes, when it was opened. */
  readonly size: number;
}

/** A log's files, the oldest first: the newest, and others back to where there is enough. The caller closes them. */
async function openFiles(log: string, enough: (opened: readonly LogFile[]) => boolean): Promise<readonly LogFile[]> {
  const opened: LogFile[] = [];
  try {
    // Files move to higher numbers, and are opened towards these: none is missed, but one may be met again. While they move, one
    // number at a time has no file; two in succession have none where the log ends.
    for (let [number, missing] = [-1, 0]; missing < 2; number += 1) {
      const handle = await open(number < 0 ? log : `${log}.${number}`).catch(absent);
      missing = handle === undefined ? missing + 1 : 0;
      if (handle === undefined) continue;
      const { ino, birthtimeNs, size } = await handle.stat({ bigint: true });
      // A new file may get the inode of the one that was just dropped.
      const file = { handle, id: `${ino}@${birthtimeNs}`, size: Number(size) };
      if (opened.some(({ id }) => id === file.id)) await handle.close();
      else opened.push(file);
      if (enough(opened)) break;
    }
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
  return opened.reverse();
}

async function closeAll(files: readonly LogFile[]): Promise<void> {
  for (const { handle } of files) await handle.close();
}

/** A file from there to its end; from its beginning where it was emptied since. */
async function* parts({ handle, id, size }: LogFile, from: number): AsyncGenerator<LogPart> {
  for (let offset = from > size ? 0 : from; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK), 0, CHUNK, offset);
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield { bytes: buffer.subarray(0, bytesRead), place: { file: id, offset } };
  }
}
