import { open } from 'node:fs/promises';

/** Bytes from the end in which the last line is looked for. */
const TAIL_BYTES = 4_096;
/** Characters of it that are told. */
const LONGEST = 200;

/** Last line of a console's log with anything to read on it, without what moves cursors and colours text; empty if there is none. */
export async function lastLine(file: string): Promise<string> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return '';
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, from);
    const lines = buffer
      .subarray(0, bytesRead)
      .toString('utf8')
      .split(/[\r\n]+/)
      .map(readable);
    return lines.findLast((line) => line !== '')?.slice(0, LONGEST) ?? '';
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
