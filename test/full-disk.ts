import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why there cannot be one here; undefined if there can. */
export const noFullDisk = process.getuid?.() === 0 ? undefined : 'not root: a full disk is a mount';

/** The same for a test's name. */
export const becauseNoDisk = noFullDisk === undefined ? '' : ` (skipped: ${noFullDisk})`;

/** A disk with the file `others` and no room for another byte. */
export function fullDisk(): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'slipway-full', dir]);
  writeFileSync(join(dir, 'others'), Buffer.alloc(4096));
  const remove = (): void => {
    // Lazily: a log that is tested there stays open.
    execFileSync('umount', ['-l', dir]);
    rmSync(dir, { recursive: true });
  };
  return { dir, remove };
}
