import { readLogEnd } from './drivers/hypervisor/console-log.ts';

/** Bytes from the end in which the last lines are looked for. */
const TAIL_BYTES = 16_384;
/** Lines that are told at the most. */
const MOST = 50;
/** Characters of each that are told. */
const LONGEST = 200;

/** Last lines of a console's log with anything to read on them, without what moves cursors and colours text. */
export async function lastLines(log: string): Promise<readonly string[]> {
  const { bytes } = await readLogEnd(log, TAIL_BYTES);
  return bytes
    .toString('utf8')
    .split(/[\r\n]+/)
    .map((line) => readable(line).slice(0, LONGEST))
    .filter((line) => line !== '')
    .slice(-MOST);
}

const ESC = '\u001b';
const ESCAPES = new RegExp(`${ESC}\\[[0-9;?]*[ -/]*[@-~]|${ESC}[()][A-Z0-9]|${ESC}.`, 'g');

const readable = (line: string): string =>
  line
    .replace(ESCAPES, '')
    .replace(/\p{Cc}/gu, '')
    .trim();
