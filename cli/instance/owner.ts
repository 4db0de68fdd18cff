import { chownSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** What root makes in somebody's data directory is that one's, whoever was first there: Slipway's other processes run as that user. */
export function giveToOwner(file: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(file));
  if (uid !== 0) chownSync(file, uid, gid);
}
