import { chmod, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';

const PASS = 0o001;

/**
 * Lets every user of the host walk from `root` down to these files, of which it changes nothing: what they may read there,
 * the files' own modes say. Without a root it changes nothing. Files elsewhere are left to whoever made their directories.
 */
export async function makePassable(root: string | undefined, files: readonly string[]): Promise<void> {
  if (root === undefined) return;
  const dirs = new Set<string>();
  for (const file of files) {
    for (let dir = dirname(file); dir === root || dir.startsWith(root + sep); dir = dirname(dir)) dirs.add(dir);
  }
  for (const dir of dirs) {
    const { mode } = await stat(dir);
    if ((mode & PASS) === 0) await chmod(dir, (mode & 0o7777) | PASS);
  }
}
