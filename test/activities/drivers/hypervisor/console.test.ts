import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { awaitLine, findLine } from '../../../../activities/drivers/hypervisor/console.ts';
import { rotate } from './rotating.ts';

let dir: string;
let log: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-console-'));
  log = join(dir, 'web1.log');
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Finds nothing, and keeps what it was asked about. */
class Looker extends RegExp {
  readonly lines: string[] = [];
  override [Symbol.search](line: string): number {
    this.lines.push(line);
    return super[Symbol.search](line);
  }
}

describe('findLine', () => {
  it('finds nothing where there is no log', async () => {
    expect(await findLine(log, /./)).toBeUndefined();
  });

  it.each([0, 1, 2, 3])('finds what was written %i files ago', async (files) => {
    writeFileSync(log, 'before\nwanted: this\nafter\n');
    for (let file = 0; file < files; file += 1) rotate(log, 'something else\n');
    expect(await findLine(log, /wanted/)).toBe('wanted: this');
  });

  it('finds the first of several, over all files', async () => {
    writeFileSync(log, 'wanted 1\n');
    rotate(log, 'wanted 2\n');
    rotate(log, 'wanted 3\n');
    expect(await findLine(log, /wanted/)).toBe('wanted 1');
  });

  it('joins a line, and a character, that two files share', async () => {
    const bytes = Buffer.from('wanted: grün\n');
    writeFileSync(log, bytes.subarray(0, 11));
    rotate(log);
    appendFileSync(log, bytes.subarray(11));
    expect(await findLine(log, /wanted/)).toBe('wanted: grün');
  });

  it('finds a short line behind a long one, and looks at the end of that alone', async () => {
    const looker = new Looker('wanted');
    writeFileSync(log, `${'.'.repeat(200_000)} wanted so far`);
    expect(await findLine(log, looker)).toMatch(/^\.+ wanted so far$/);
    expect(Math.max(...looker.lines.map((line) => line.length))).toBeLessThanOrEqual(4096);
  });
});

describe('awaitLine', () => {
  const late = () => AbortSignal.timeout(10_000);
  /** Resolves when the wait has seen this line, which is not the one it waits for. */
  const seen = (looker: Looker, text: string) =>
    expect.poll(() => looker.lines.some((line) => line.includes(text)), { timeout: 10_000 }).toBe(true);

  it('finds what was written before it began, and moved aside', async () => {
    writeFileSync(log, 'wanted: this\n');
    rotate(log, 'something else\n');
    expect(await awaitLine(log, /wanted/, late())).toBe('wanted: this');
  });

  it('goes on in a new file that is longer than the one moved aside', async () => {
    const looker = new Looker('wanted');
    writeFileSync(log, 'short\n');
    const found = awaitLine(log, looker, late());
    await seen(looker, 'short');
    rotate(log, `wanted: this\n${'something else\n'.repeat(10)}`);
    expect(await found).toBe('wanted: this');
  });

  it('misses nothing of files that come and go while it does not look', async () => {
    const looker = new Looker('wanted');
    writeFileSync(log, 'one\n');
    const found = awaitLine(log, looker, late());
    await seen(looker, 'one');
    appendFileSync(log, 'two\n');
    rotate(log, 'wanted: this\n');
    rotate(log, 'three\n');
    rotate(log, 'four\n');
    expect(await found).toBe('wanted: this');
    expect(looker.lines.filter((line) => line !== '')).toEqual(['one', 'two', 'wanted: this']);
  });

  it('does not look at the whole of a line again each time that it grows', async () => {
    const looker = new Looker('wanted');
    const found = awaitLine(log, looker, late());
    for (let grown = 0; grown < 20; grown += 1) {
      appendFileSync(log, `${'.'.repeat(5_000)}${grown};`);
      await seen(looker, `.${grown};`);
    }
    appendFileSync(log, '\nwanted: this\n');
    expect(await found).toBe('wanted: this');
    expect(Math.max(...looker.lines.map((line) => line.length))).toBeLessThanOrEqual(4096);
  });
});
