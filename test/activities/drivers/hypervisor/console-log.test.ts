import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { appendFile, type FileHandle, open, rename, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LogPlace, readLog, readLogEnd } from '../../../../activities/drivers/hypervisor/console-log.ts';
import { rotate } from './rotating.ts';

let dir: string;
let log: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-log-'));
  log = join(dir, 'web1.log');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true });
});

/** Each call returns what came since the last. */
function reader(): () => Promise<string> {
  let reached: LogPlace | null = null;
  return async () => {
    let text = '';
    for await (const { bytes, place } of readLog(log, reached)) {
      text += bytes.toString();
      reached = place;
    }
    return text;
  };
}

/** Files of this process that are open below the directory. */
const opens = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(dir);
    } catch {
      return false;
    }
  }).length;

/** What a file is asked as soon as it is open. */
async function statOfHandles() {
  const handle = await open(dir);
  await handle.close();
  return vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'stat');
}

describe('readLog', () => {
  it('reads nothing where there is no log', async () => {
    expect(await reader()()).toBe('');
  });

  it('reads all files as one, the oldest first', async () => {
    for (const text of ['gone', 'one ', 'two ', 'three ', 'four']) rotate(log, text);
    expect(await reader()()).toBe('one two three four');
  });

  it('goes on in the file it was in, wherever that was moved, and in those after it', async () => {
    const next = reader();
    writeFileSync(log, 'one ');
    expect(await next()).toBe('one ');
    appendFileSync(log, 'two ');
    rotate(log, 'three ');
    expect(await next()).toBe('two three ');
    rotate(log);
    expect(await next()).toBe('');
    rotate(log, 'four, longer than others ');
    rotate(log, 'five');
    expect(await next()).toBe('four, longer than others five');
    expect(await next()).toBe('');
  });

  it('takes all for new where the file it was in is gone', async () => {
    const next = reader();
    writeFileSync(log, 'one');
    expect(await next()).toBe('one');
    for (let file = 0; file < 5; file += 1) rotate(log, `new ${file}, longer `);
    expect(await next()).toBe('new 1, longer new 2, longer new 3, longer new 4, longer ');
  });

  it('knows a new file that has the inode of the one it was in', async () => {
    const next = reader();
    // As ext4 does; a filesystem in memory never gives one again.
    (await statOfHandles()).mockImplementation(async function (this: FileHandle) {
      return { ...(await stat(`/proc/self/fd/${this.fd}`, { bigint: true })), ino: 1n };
    } as never);
    writeFileSync(log, 'one');
    expect(await next()).toBe('one');
    const { birthtimeNs } = statSync(log, { bigint: true });
    // Clocks of filesystems tick every few milliseconds.
    do {
      rmSync(log);
      writeFileSync(log, 'new, longer');
    } while (statSync(log, { bigint: true }).birthtimeNs === birthtimeNs);
    expect(await next()).toBe('new, longer');
  });

  it('reads a file once that is moved aside between two looks for files', async () => {
    rotate(log, 'one ');
    rotate(log, 'two ');
    const next = reader();
    (await statOfHandles()).mockImplementationOnce(function (this: FileHandle) {
      rotate(log, 'three');
      return this.stat({ bigint: true });
    } as never);
    expect(await next()).toBe('one two ');
    expect(await next()).toBe('three');
  });

  it('misses none while they are moved: at any time one number has no file', async () => {
    const next = reader();
    for (const text of ['one ', 'two ', 'three ']) rotate(log, text);
    rmSync(`${log}.1`);
    expect(await next()).toBe('two three ');
    renameSync(`${log}.0`, `${log}.1`);
    expect(await next()).toBe('');
    renameSync(log, `${log}.0`);
    appendFileSync(`${log}.0`, 'more ');
    expect(await next()).toBe('more ');
    writeFileSync(log, 'four');
    expect(await next()).toBe('four');
  });

  it('reads a file from its beginning again that was emptied', async () => {
    const next = reader();
    writeFileSync(log, 'a long one');
    expect(await next()).toBe('a long one');
    truncateSync(log);
    appendFileSync(log, 'new');
    expect(await next()).toBe('new');
  });

  it('waits for a new one where the log was just moved aside', async () => {
    writeFileSync(`${log}.0`, 'one ');
    const next = reader();
    expect(await next()).toBe('one ');
    writeFileSync(log, 'two');
    expect(await next()).toBe('two');
  });

  it('fails where a file cannot be read', async () => {
    writeFileSync(log, 'one');
    mkdirSync(`${log}.0`);
    await expect(reader()()).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('reads each byte once while the log is written and moved aside', { timeout: 60_000 }, async () => {
    const [rounds, lines] = [60, 8];
    let writing = true;
    const written = (async () => {
      for (let round = 0; round < rounds; round += 1) {
        for (let line = 0; line < lines; line += 1) await appendFile(log, `${round * lines + line}\n`);
        // One by one, as virtlogd does, but none is dropped: the reader may be slow.
        for (let number = round - 1; number >= 0; number -= 1) await rename(`${log}.${number}`, `${log}.${number + 1}`);
        await rename(log, `${log}.0`);
      }
      writing = false;
    })();
    const next = reader();
    let [text, looks] = ['', 0];
    for (; writing; looks += 1) text += await next();
    await written;
    text += await next();
    expect(text).toBe(Array.from({ length: rounds * lines }, (_, line) => `${line}\n`).join(''));
    expect(looks).toBeGreaterThan(rounds);
  });
});

describe('readLogEnd', () => {
  it('reads nothing where there is no log', async () => {
    expect(await readLogEnd(log, 10)).toEqual({ bytes: Buffer.alloc(0), place: null });
  });

  it.each([
    [3, 'six'],
    [10, 'our fivesix'.slice(-10)],
    [100, 'three four fivesix'],
  ])('reads the last %i bytes, over as many files as they are in', async (most, text) => {
    for (const part of ['gone', 'gone', 'three ', 'four ', 'five', 'six']) rotate(log, part);
    expect((await readLogEnd(log, most)).bytes.toString()).toBe(text);
  });

  it('is where reading goes on', async () => {
    writeFileSync(log, 'one two ');
    const { place } = await readLogEnd(log, 4);
    appendFileSync(log, 'three ');
    rotate(log, 'four');
    let text = '';
    for await (const { bytes } of readLog(log, place)) text += bytes;
    expect(text).toBe('three four');
  });
});

it('leaves no file open', async () => {
  for (const text of ['one ', 'two ', 'three ', 'four']) rotate(log, text);
  await reader()();
  await readLogEnd(log, 10);
  for await (const _ of readLog(log, null)) break;
  expect(opens()).toBe(0);
});
