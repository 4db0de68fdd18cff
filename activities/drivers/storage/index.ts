import { join } from 'node:path';
import { invalid } from '../../../domain/fault.ts';
import type { StoragePool } from '../../../domain/volume.ts';
import type { Run } from '../run.ts';
import type { StorageDriver } from './driver.ts';
import { local } from './local.ts';
import { sim } from './sim.ts';

export interface StorageSettings {
  readonly run: Run;
  /** Directory of a simulated node's pools. */
  readonly simDir: string;
  readonly stepMs: number;
}

type Factory = (pool: StoragePool, settings: StorageSettings) => StorageDriver;

/** Every backend there is. Adding one is a file beside these and a line here. */
export const storageDrivers = {
  local: ({ name, config }, { run }) => {
    if (!config.path) throw invalid('config.path', `storage pool '${name}' needs a directory.`);
    return local({ path: config.path, run });
  },
  sim: ({ name }, { simDir, stepMs }) => sim({ dir: join(simDir, name), stepMs }),
} satisfies Record<StoragePool['driver'], Factory>;

/** The driver of a pool. */
export const storageDriver: Factory = (pool, settings) => storageDrivers[pool.driver](pool, settings);
