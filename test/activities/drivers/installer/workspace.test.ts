import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeWorkspace } from '../../../../activities/drivers/installer/workspace.ts';

let base: string;
let dir: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'slipway-workspace-'));
  dir = join(base, 'work');
  mkdirSync(dir);
});
afterEach(() => rmSync(base, { recursive: true }));

it('removes one that is empty, and only that', () => {
  removeWorkspace(dir);
  removeWorkspace(dir);
  expect(existsSync(dir)).toBe(false);
  mkdirSync(join(dir, 'else'), { recursive: true });
  removeWorkspace(dir);
  expect(existsSync(join(dir, 'else'))).toBe(true);
});

const skip = process.getuid?.() === 0 ? undefined : 'not root: mounting is for root only';

it.skipIf(skip)(`leaves one that a run has in its own namespace${skip ? ` (skipped: ${skip})` : ''}`, async () => {
  const mounted = 'mount -t tmpfs tmpfs "$0" && touch "$0/mine" && echo on && read -r _ && ls "$0"';
  const run = spawn('unshare', ['--mount', 'sh', '-c', mounted, dir], { stdio: ['pipe', 'pipe', 'inherit'] });
  const out = run.stdout.setEncoding('utf8');
  expect(await once(out, 'data')).toEqual(['on\n']);
  removeWorkspace(dir);
  expect(existsSync(dir)).toBe(true);
  const listed = once(out, 'data');
  const exit = once(run, 'exit');
  run.stdin.end('\n');
  expect(await listed).toEqual(['mine\n']);
  await exit;
});
