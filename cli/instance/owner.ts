import { lchownSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What root makes in somebody's data directory is that one's, whoever was first there: Slipway's other processes run as that user. With all that is in it. */
export function giveToOwner(path: string, dir = dirname(path)): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dir);
  if (uid === 0) return;
  lchownSync(path, uid, gid);
  if (!statSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) giveToOwner(join(path, name), dir);
}
