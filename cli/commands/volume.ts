import { Command } from 'commander';
import { z } from 'zod';
import { part } from '../client/part.ts';
import { table } from '../client/table.ts';
import { begun } from './begun.ts';
import { apiOf, type ClientOptions, clientCommand, printJson, printLine } from './client.ts';

const VolumeDocument = z.looseObject({
  pool: z.string(),
  name: z.string(),
  size_mb: z.number(),
  node: z.string(),
  vm: z.string().nullable(),
});
type VolumeDocument = z.infer<typeof VolumeDocument>;

const COLUMNS = {
  POOL: (volume: VolumeDocument) => volume.pool,
  NAME: (volume: VolumeDocument) => volume.name,
  'SIZE MiB': (volume: VolumeDocument) => volume.size_mb,
  NODE: (volume: VolumeDocument) => volume.node,
  VM: (volume: VolumeDocument) => volume.vm,
};

const EXAMPLES = `
Examples:
  slipway vm delete web1 --keep-disks --watch
  slipway volume delete vms web1_sda --watch    its name, and that of the VM, can be used again`;

/** `slipway volume …`. */
export const volumeCommand = (): Command =>
  new Command('volume')
    .description('Disks of VMs, and those that outlived theirs')
    .addHelpText('after', EXAMPLES)
    .addCommand(list())
    .addCommand(remove());

const list = (): Command =>
  clientCommand('list', 'all volumes')
    .option('--pool <pool>', 'only volumes of this storage pool')
    .action(async (options: ClientOptions & { pool?: string }) => {
      const answer = await apiOf(options).get('/storage/volume', { pool: options.pool });
      if (options.json) return printJson(answer);
      printLine(table(COLUMNS, z.array(VolumeDocument).parse(answer), 'No volumes yet.'));
    });

const remove = (): Command =>
  clientCommand('delete', 'remove a volume that no VM has')
    .argument('<pool>', 'storage pool')
    .argument('<volume>', 'its name')
    .option('--watch', 'wait until it is done; fail if it fails')
    .action(async (pool: string, volume: string, options: ClientOptions & { watch?: boolean }) => {
      const api = apiOf(options);
      await begun(api, await api.delete(`/storage/volume/${part(pool)}/${part(volume)}`), options);
    });
