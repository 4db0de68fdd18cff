import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A log that has grown so long is put aside when the server starts, in the place of the last that was. */
const LONG_BYTES = 10 * 1024 * 1024;

/** What the Temporal server writes, after what those before it wrote. */
export interface ServerLog {
  readonly path: string;
  /** To write to. */
  readonly fd: number;
  /** What was written since it was opened. */
  read(): Promise<string>;
  close(): Promise<void>;
}

/** Opens `temporal.log` of a data directory. A server that died has left its reasons there: nothing of them is overwritten. */
export async function openServerLog(dataDir: string): Promise<ServerLog> {
  const path = join(dataDir, 'temporal.log');
  if ((await sizeOf(path)) > LONG_BYTES) await rename(path, `${path}.1`);
  const file = await open(path, 'a');
  const { size } = await file.stat();
  return {
    path,
    fd: file.fd,
    read: async () => (await readFile(path)).subarray(size).toString('utf8'),
    close: () => file.close(),
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
