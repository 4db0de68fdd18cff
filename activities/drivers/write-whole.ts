import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces a file in one step, so that a killed process leaves the old text or the new; its directory need not exist yet. The draft
 * has one name: the next write takes over what was left of it, so nobody else may write this file meanwhile.
 */
export async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
