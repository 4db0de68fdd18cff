import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SeedInput } from '../../domain/control-plane.ts';
import type { Run } from './run.ts';

/** Makes a NoCloud seed at this path, whatever was there. */
export type WriteSeed = (path: string, seed: SeedInput) => Promise<void>;

/** An ISO 9660 image as cloud-init's NoCloud source looks for it: volume `cidata`, Joliet and Rock Ridge names. */
export function isoSeed(run: Run): WriteSeed {
  return async (path, seed) => {
    const dir = await mkdtemp(`${path}.`);
    try {
      for (const [name, text] of Object.entries(seedFiles(seed))) await writeFile(join(dir, name), text);
      const image = join(dir, 'seed.iso');
      const names = Object.keys(seedFiles(seed)).map((name) => join(dir, name));
      await run(['genisoimage', '-quiet', '-output', image, '-volid', 'cidata', '-joliet', '-rock', ...names]);
      await rename(image, path);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  };
}

/** What a simulated node keeps of a seed: the names of its files. */
export const simSeed: WriteSeed = (path, seed) => writeFile(path, JSON.stringify(Object.keys(seedFiles(seed))));

/** Names and texts of the files that cloud-init reads. */
const seedFiles = ({ metaData, userData, networkConfig }: SeedInput): Readonly<Record<string, string>> => ({
  'meta-data': metaData,
  'user-data': userData,
  ...(networkConfig === null ? {} : { 'network-config': networkConfig }),
});
