import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { replaceFile } from '../../cli/replace-file.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-replace-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

it('replaces a file, for whom it is told', () => {
  const file = join(dir, 'holder.json');
  replaceFile(file, 'old', 0o600);
  replaceFile(file, 'new', 0o600);
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir)).toEqual(['holder.json']);
});

it('leaves nothing of what it could not write', () => {
  mkdirSync(join(dir, 'taken'));
  expect(() => replaceFile(join(dir, 'taken'), 'text')).toThrow('EISDIR');
  expect(readdirSync(dir)).toEqual(['taken']);
});
