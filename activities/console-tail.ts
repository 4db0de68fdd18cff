import { open } from 'node:fs/promises';

/** Bytes from the end in which the last lines are looked for. */
const TAIL_BYTES = 16_384;
/** Lines that are told at the most. */
const MOST = 50;
/** Characters of each that are told. */
const LONGEST = 200;

/** Last lines of a console's log with anything to read on them, without what moves cursors and colours text. */
export async function lastLines(file: string): Promise<readonly string[]> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return [];
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, from);
    return buffer
      .subarray(0, bytesRead)
      .toString('utf8')
      .split(/[\r\n]+/)
      .map((line) => readable(line).slice(0, LONGEST))
      .filter((line) => line !== '')
      .slice(-MOST);
  } finally {
    await handle.close();
  }
}

const ESC = '\u001b';
const ESCAPES = new RegExp(`${ESC}\\[[0-9;?]*[ -/]*[@-~]|${ESC}[()][A-Z0-9]|${ESC}.`, 'g');

const readable = (line: string): string =>
  line
    .replace(ESCAPES, '')
    .replace(/\p{Cc}/gu, '')
    .trim();
