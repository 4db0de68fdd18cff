import { watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { type LogPlace, readLog } from './console-log.ts';

/** Characters of a line that are looked at, its last: what is waited for is short, and a guest may write without an end. */
const LONGEST = 4096;

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
 * Resolves with the first line of a growing log that matches, from the oldest that is kept on. An unfinished last line counts,
 * since a login prompt ends without a line break; of a long one its end. Rejects with the signal's reason.
 */
export function awaitLine(log: string, pattern: RegExp, signal: AbortSignal): Promise<string> {
  return onChange(log, lineFinder(log, pattern), signal);
}

/** The first line that matches now, if there is one. */
export const findLine = (log: string, pattern: RegExp): Promise<string | undefined> => lineFinder(log, pattern)();

/** Each call looks at the lines that were added or went on since the last. */
function lineFinder(log: string, pattern: RegExp): () => Promise<string | undefined> {
  const decoder = new StringDecoder('utf8');
  let reached: LogPlace | null = null;
  let rest = '';
  // A pattern with the flags g or y would remember where it stopped in another line.
  const matches = (line: string): boolean => line.search(pattern) >= 0;
  return async () => {
    const before = reached;
    for await (const { bytes, place } of readLog(log, reached)) {
      const lines = `${rest}${decoder.write(bytes)}`.split(/\r?\n/).map((line) => line.slice(-LONGEST));
      rest = lines.pop() ?? '';
      reached = place;
      const found = lines.find(matches);
      if (found !== undefined) return found;
    }
    return reached !== before && matches(rest) ? rest : undefined;
  };
}
