import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');

/** A place in a file of `workflows/`, and what stands there in another version. */
export type Change = readonly [file: string, pattern: RegExp, replacement: string];

/** Copies the workflows to a new directory, changed so; returns their index. */
export async function changedWorkflows(dir: string, [file, pattern, replacement]: Change): Promise<string> {
  await mkdir(dir);
  for (const part of ['workflows', 'domain']) await cp(join(ROOT, part), join(dir, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  const path = join(dir, 'workflows', file);
  const text = await readFile(path, 'utf8');
  expect(text).toMatch(pattern);
  await writeFile(path, text.replace(pattern, replacement));
  return join(dir, 'workflows/index.ts');
}
