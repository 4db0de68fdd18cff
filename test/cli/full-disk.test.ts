import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeHolder } from '../../cli/instance/instance.ts';
import { loadKey } from '../../cli/temporal/codec.ts';
import { becauseNoDisk, fullDisk, noFullDisk } from '../full-disk.ts';

const WRITERS: Readonly<Record<string, (dir: string) => Promise<unknown>>> = {
  holder: async (dir) => writeHolder(join(dir, 'holder.json'), process.pid),
  key: loadKey,
};

it.skipIf(noFullDisk).for(Object.entries(WRITERS))(
  `a %s that does not fit leaves nothing${becauseNoDisk}`,
  async ([, write]) => {
    const disk = fullDisk();
    try {
      await expect(write(disk.dir)).rejects.toThrow('ENOSPC');
      expect(readdirSync(disk.dir)).toEqual(['others']);
    } finally {
      disk.remove();
    }
  },
);
