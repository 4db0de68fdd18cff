import type { Command } from 'commander';
import { z } from 'zod';
import { part } from '../client/part.ts';
import { table } from '../client/table.ts';
import { begun } from './begun.ts';
import { apiOf, type ClientOptions, clientCommand, printJson, printLine } from './client.ts';

type Watched = ClientOptions & { readonly watch?: boolean };

const SnapshotDocument = z.looseObject({
  id: z.string(),
  name: z.string().nullish(),
  state: z.string(),
  failed_reason: z.string().nullish(),
  created_at: z.string(),
});
type SnapshotDocument = z.infer<typeof SnapshotDocument>;

const COLUMNS = {
  ID: (one: SnapshotDocument) => one.id,
  NAME: (one: SnapshotDocument) => one.name,
  STATE: (one: SnapshotDocument) => (one.failed_reason ? `${one.state}: ${one.failed_reason}` : one.state),
  ASKED: (one: SnapshotDocument) => one.created_at,
};

const watched = (name: string, description: string): Command =>
  clientCommand(name, description)
    .argument('<vm>', 'name or UUID')
    .option('--watch', 'wait until it is done; fail if it fails');

/** Commands of `slipway vm` for moments of running VMs, and for their disks. */
export const snapshotCommands = (): readonly Command[] => [create(), list(), revert(), remove(), disk()];

const create = (): Command =>
  watched('snapshot', 'keep this moment of a running VM, memory included')
    .option('--name <name>', 'what it is called')
    .action(async (vm: string, options: Watched & { readonly name?: string }) => {
      const api = apiOf(options);
      const body = options.name === undefined ? {} : { snapshot_name: options.name };
      await begun(api, await api.post(`/vm/${part(vm)}/snapshot`, body), options);
    });

const list = (): Command =>
  clientCommand('snapshots', 'the snapshots of a VM')
    .argument('<vm>', 'name or UUID')
    .action(async (vm: string, options: ClientOptions) => {
      const answer = await apiOf(options).get(`/vm/${part(vm)}/snapshot`);
      if (options.json) return printJson(answer);
      printLine(
        table(COLUMNS, z.array(SnapshotDocument).parse(answer), `No snapshots. Make one: slipway vm snapshot ${vm}`),
      );
    });

const revert = (): Command =>
  watched('revert', 'take a VM back to a snapshot; what it is now is lost')
    .argument('<snapshot>', 'name or id')
    .action(async (vm: string, snapshot: string, options: Watched) => {
      const api = apiOf(options);
      await begun(api, await api.post(`/vm/${part(vm)}/snapshot/${part(snapshot)}/revert`, {}), options);
    });

const remove = (): Command =>
  watched('snapshot-delete', 'remove a snapshot')
    .argument('<snapshot>', 'name or id')
    .action(async (vm: string, snapshot: string, options: Watched) => {
      const api = apiOf(options);
      await begun(api, await api.delete(`/vm/${part(vm)}/snapshot/${part(snapshot)}`, {}), options);
    });

const disk = (): Command =>
  watched('disk', 'give a VM one more disk, blank')
    .argument('<size>', 'GB')
    .action(async (vm: string, size: string, options: Watched) => {
      const api = apiOf(options);
      await begun(api, await api.post(`/vm/${part(vm)}/disk`, { size }), options);
    });
