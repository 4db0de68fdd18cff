import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { leftovers, snapshot } from './leftovers.ts';

it('sees a process and a temporary directory that were not there before', async () => {
  const before = snapshot();
  const dir = mkdtempSync(join(tmpdir(), 'slipway-leftovers-'));
  symlinkSync('/bin/sleep', join(dir, 'dnsmasq'));
  const child = spawn(join(dir, 'dnsmasq'), ['60'], { argv0: 'dnsmasq' });
  try {
    await once(child, 'spawn');
    const found = leftovers(before, snapshot());
    expect(found).toContainEqual(`process: ${child.pid} dnsmasq 60`);
    expect(found).toContainEqual(`temporary directory: ${dir}`);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(dir, { recursive: true });
  }
  expect(leftovers(before, snapshot()).filter((line) => line.includes(dir) || line.includes(`${child.pid}`))).toEqual(
    [],
  );
});

it('reports only what is new', () => {
  expect(leftovers({ mount: ['a'], process: ['1 x'] }, { mount: ['a', 'b'], process: [] })).toEqual(['mount: b']);
});
