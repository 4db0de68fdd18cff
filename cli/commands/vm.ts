import { Command } from 'commander';
import { z } from 'zod';
import { oneWord, part } from '../client/part.ts';
import { table } from '../client/table.ts';
import { begun } from './begun.ts';
import {
  apiOf,
  type ClientOptions,
  clientCommand,
  fileArgument,
  printJson,
  printLine,
  scriptArgument,
} from './client.ts';
import { snapshotCommands } from './vm-snapshot.ts';

const VmDocument = z.looseObject({
  name: z.string(),
  uuid: z.string(),
  state: z.string(),
  node: z.string(),
  memory: z.coerce.number(),
  vcpu: z.coerce.number(),
  profile: z.string().nullish(),
  failed_reason: z.string().nullish(),
  networks: z
    .array(z.looseObject({ vni: z.coerce.string().optional(), mac: z.string(), ip: z.string().nullish() }))
    .default([]),
  disks: z.array(z.looseObject({ name: z.string(), dev: z.string() })).default([]),
});
type VmDocument = z.infer<typeof VmDocument>;

const COLUMNS = {
  NAME: (vm: VmDocument) => vm.name,
  STATE: (vm: VmDocument) => vm.state,
  NODE: (vm: VmDocument) => vm.node,
  VCPUS: (vm: VmDocument) => vm.vcpu,
  'MEMORY MiB': (vm: VmDocument) => vm.memory,
  PROFILE: (vm: VmDocument) => vm.profile,
  ADDRESS: (vm: VmDocument) => vm.networks.map((nic) => nic.ip ?? nic.mac).join(', '),
};

const EXAMPLES = `
Examples:
  slipway vm create web1 --profile debian-12 --arg deb_release=bookworm --watch
  slipway vm console web1
  slipway vm snapshot web1 --name clean --watch
  slipway vm revert web1 clean --watch
  slipway vm shutdown web1 --watch
  slipway vm delete web1 --watch`;

/** `slipway vm …`. */
export function vmCommand(): Command {
  const vm = new Command('vm').description('Virtual machines').addHelpText('after', EXAMPLES);
  for (const command of [
    list(),
    show(),
    create(),
    remove(),
    ...STATES.map(([verb, what]) => change(verb, what)),
    consoleLog(),
    ...snapshotCommands(),
  ]) {
    vm.addCommand(command);
  }
  return vm;
}

const list = (): Command =>
  clientCommand('list', 'all VMs')
    .option('--limit <regex>', 'only VMs whose name matches')
    .option('--node <node>', 'only VMs of this node')
    .action(async (options: ClientOptions & { limit?: string; node?: string }) => {
      const answer = await apiOf(options).get('/vm', { limit: options.limit, node: options.node });
      if (options.json) return printJson(answer);
      printLine(
        table(
          COLUMNS,
          z.array(VmDocument).parse(answer),
          options.limit === undefined && options.node === undefined
            ? 'No VMs yet. Make one: slipway vm create NAME --profile empty'
            : 'None of the VMs is like that. All of them: slipway vm list',
        ),
      );
    });

const show = (): Command =>
  clientCommand('show', 'one VM')
    .argument('<vm>', 'name or UUID')
    .action(async (name: string, options: ClientOptions) => {
      const answer = await apiOf(options).get(`/vm/${part(name)}`);
      if (options.json) return printJson(answer);
      const [vm] = z.array(VmDocument).parse(answer);
      if (vm) printLine(described(vm));
    });

function described(vm: VmDocument): string {
  const rows: readonly (readonly [string, string])[] = [
    ['name', vm.name],
    ['uuid', vm.uuid],
    ['state', vm.failed_reason ? `${vm.state}: ${vm.failed_reason}` : vm.state],
    ['node', vm.node],
    ['profile', vm.profile ?? '-'],
    ['size', `${vm.vcpu} vCPU, ${vm.memory} MiB`],
    ...vm.networks.map((nic) => ['network', `${nic.vni ?? ''} ${nic.mac} ${nic.ip ?? ''}`.trim()] as const),
    ...vm.disks.map((disk) => ['disk', `${disk.dev} ${disk.name}`] as const),
  ];
  return rows.map(([key, value]) => `${key.padEnd(9)}${value}`).join('\n');
}

interface CreateOptions extends ClientOptions {
  readonly profile: string;
  readonly arg?: readonly string[];
  readonly argFile?: readonly string[];
  readonly define: boolean;
  readonly start: boolean;
  readonly key?: string;
  readonly watch?: boolean;
}

const create = (): Command =>
  clientCommand('create', 'make a VM from a profile')
    .argument('<name>', "a host name: letters, digits and '-'")
    .requiredOption('--profile <profile>', 'what it is made from (slipway profile list)')
    .option('--arg <name=value>', "argument of the profile's script; may be repeated", scriptArgument)
    .option(
      '--arg-file <name=file>',
      'the same from a file (- is standard input), for what no other process may read',
      fileArgument,
    )
    .option('--no-define', 'make and install the disks only')
    .option('--no-start', 'leave it stopped')
    .option('--key <key>', 'idempotency key: the same key twice makes one VM')
    .option('--watch', 'draw its progress until it is done; fail if it fails')
    .action(async (name: string, options: CreateOptions) => {
      const api = apiOf(options);
      const args = [...(options.arg ?? []), ...(options.argFile ?? [])];
      const body = {
        name: oneWord(name),
        profile: oneWord(options.profile),
        ...(args.length > 0 ? { arg: args } : {}),
        define_vm: options.define,
        start_vm: options.start,
      };
      const headers = options.key === undefined ? {} : { 'idempotency-key': options.key };
      await begun(api, await api.post('/provisioner/create', body, headers), options);
    });

const remove = (): Command =>
  clientCommand('delete', 'end a VM and remove it with its disks')
    .argument('<vm>', 'name or UUID')
    .option('--keep-disks', 'leave its disks in their pools (slipway volume list)')
    .option('--watch', 'wait until it is done; fail if it fails')
    .action(async (name: string, options: ClientOptions & { keepDisks?: boolean; watch?: boolean }) => {
      const api = apiOf(options);
      await begun(
        api,
        await api.delete(`/vm/${part(name)}`, { delete_disks: options.keepDisks !== true, wait: false }),
        options,
      );
    });

const STATES: readonly (readonly [string, string])[] = [
  ['start', 'power on'],
  ['stop', 'power off, as if the plug were pulled'],
  ['shutdown', 'ask the guest to shut down; power off if it does not'],
  ['restart', 'shut down and start again'],
];

const change = (verb: string, what: string): Command =>
  clientCommand(verb, what)
    .argument('<vm>', 'name or UUID')
    .option('--watch', 'wait until it is done; fail if it fails')
    .action(async (name: string, options: ClientOptions & { watch?: boolean }) => {
      const api = apiOf(options);
      await begun(api, await api.post(`/vm/${part(name)}/state`, { state: verb }), options);
    });

const Console = z.looseObject({ data: z.string() });

const consoleLog = (): Command =>
  clientCommand('console', 'what the guest wrote on its serial console')
    .argument('<vm>', 'name or UUID')
    .option('--lines <n>', 'how many of the last lines', '200')
    .action(async (name: string, options: ClientOptions & { lines: string }) => {
      const answer = await apiOf(options).get(`/vm/${part(name)}/console`, { lines: options.lines });
      if (options.json) return printJson(answer);
      const { data } = Console.parse(answer);
      process.stdout.write(data === '' || data.endsWith('\n') ? data : `${data}\n`);
    });
