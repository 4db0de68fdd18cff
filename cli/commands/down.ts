import { resolve } from 'node:path';
import { Command } from 'commander';
import { defaultDataDir, pathsOf } from '../paths.ts';

interface DownOptions {
  readonly data?: string;
  readonly guests?: boolean;
  readonly purge?: boolean;
}

/** `slipway down`. */
export const downCommand = (): Command =>
  new Command('down')
    .description("ends what 'slipway up' began on a data directory, also what a killed one left running")
    .option('--data <dir>', 'data directory (default: SLIPWAY_DATA, else /var/lib/slipway for root)')
    .option('--guests', 'ends running guests and takes their networks away, too; their disks stay')
    .option('--purge', 'removes guests, disks, networks and the data directory: nothing is left')
    .action(async ({ data, guests = false, purge = false }: DownOptions) => {
      const say = (text: string) => void process.stderr.write(`${text}\n`);
      const { bringDown } = await import('../process/down.ts');
      await bringDown(pathsOf(resolve(data ?? defaultDataDir())), { guests, purge, say });
    });
