import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stateFiles } from '../../../activities/drivers/state-files.ts';

it('drops a thing with what a killed process had begun to write of it, and nothing else', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'slipway-state-'));
  try {
    const things = stateFiles<number>(dir);
    await things.put('a', 1);
    await things.put('ab', 2);
    await writeFile(join(dir, 'a.json.4711.0'), '{"ha');
    await things.drop('a');
    await things.drop('never there');
    expect(await readdir(dir)).toEqual(['ab.json']);
    expect(await things.find('ab')).toBe(2);
  } finally {
    await rm(dir, { recursive: true });
  }
});
