import { watch } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

const CHUNK_BYTES = 64 * 1024;

/**
 * Resolves with what `look` finds, asked at once and whenever the file changes; the file need not exist yet, its directory
 * is made. Rejects with the error of `look`, or with the signal's reason.
 */
export async function onChange<T>(file: string, look: () => Promise<T | undefined>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  await mkdir(dirname(file), { recursive: true });
  let woken = Promise.withResolvers<void>();
  const wake = (): void => woken.resolve();
  // The directory is watched, not the file: that one may appear later, or be replaced.
  const watcher = watch(dirname(file), (_, name) => {
    if (name === null || name === basename(file)) wake();
  });
  const broken = new Promise<never>((_, reject) => watcher.once('error', reject));
  signal.addEventListener('abort', wake);
  try {
    for (;;) {
      signal.throwIfAborted();
      // Armed before looking, so that no change between the look and the wait is lost.
      woken = Promise.withResolvers();
      const found = await look();
      if (found !== undefined) return found;
      await Promise.race([woken.promise, broken]);
    }
  } finally {
    watcher.close();
    signal.removeEventListener('abort', wake);
  }
}

/**
 * Resolves with the first line of a growing file that matches, from its beginning on. An unfinished last line counts,
 * since a login prompt ends without a line break. Rejects with the signal's reason.
 */
export function awaitLine(file: string, pattern: RegExp, signal: AbortSignal): Promise<string> {
  const next = lineReader(file);
  return onChange(file, async () => (await next()).find((line) => matches(pattern, line)), signal);
}

/** The first line that matches now, if there is one. */
export async function findLine(file: string, pattern: RegExp): Promise<string | undefined> {
  return (await lineReader(file)()).find((line) => matches(pattern, line));
}

// A pattern with the flags g or y would remember where it stopped in another line.
const matches = (pattern: RegExp, line: string): boolean => line.search(pattern) >= 0;

/** Each call returns the lines that were added or went on since the last. */
function lineReader(file: string): () => Promise<readonly string[]> {
  let offset = 0;
  let rest = '';
  let decoder = new StringDecoder('utf8');
  return async () => {
    const text = await grown();
    if (text === '') return [];
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.at(-1) ?? '';
    return lines;
  };

  async function grown(): Promise<string> {
    const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (handle === null) return '';
    try {
      // Shorter than before: virtlogd began a new file.
      if ((await handle.stat()).size < offset) [offset, rest, decoder] = [0, '', new StringDecoder('utf8')];
      let text = '';
      for (;;) {
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, offset);
        if (bytesRead === 0) return text;
        offset += bytesRead;
        text += decoder.write(buffer.subarray(0, bytesRead));
      }
    } finally {
      await handle.close();
    }
  }
}
