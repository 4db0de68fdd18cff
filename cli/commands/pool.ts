import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { z } from 'zod';
import { invalid } from '../../domain/fault.ts';
import type { Api } from '../client/api.ts';
import { part } from '../client/part.ts';
import { table } from '../client/table.ts';
import {
  apiOf,
  type ClientOptions,
  clientCommand,
  optionValues,
  printJson,
  printLine,
  repeated,
  scriptArgument,
} from './client.ts';
import { poolSettingsCommand } from './pool-settings.ts';

const PoolRow = z.looseObject({
  name: z.string(),
  profile: z.string(),
  size: z.number(),
  ready: z.number(),
  pending: z.number(),
  running: z.number(),
  alias: z.array(z.string()),
  failures: z.number(),
  last_error: z.string().nullable(),
  retry_at: z.string().nullable(),
  state: z.string(),
});
type PoolRow = z.infer<typeof PoolRow>;

const COLUMNS = {
  NAME: (pool: PoolRow) => pool.name,
  READY: (pool: PoolRow) => `${pool.ready} of ${pool.size}`,
  PENDING: (pool: PoolRow) => pool.pending,
  'CHECKED OUT': (pool: PoolRow) => pool.running,
  PROFILE: (pool: PoolRow) => pool.profile,
  ALIASES: (pool: PoolRow) => pool.alias.join(' '),
  STATE: stateOf,
};

function stateOf({ state, failures, last_error, retry_at }: PoolRow): string {
  const why = shortly(last_error ?? '');
  const times = failures === 1 ? '1 failure' : `${failures} failures`;
  if (state === 'given-up') return `given up after ${times}: ${why}`;
  if (failures === 0) return state;
  const pauses = retry_at !== null && Date.parse(retry_at) > Date.now();
  return `${times}, again ${pauses ? `at ${retry_at}` : 'as soon as it has a place for a clone'}: ${why}`;
}

/** Of more than two lines, the first, which says what failed, and the last, which most often says why. */
function shortly(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 2 ? `${lines[0]} … ${lines.at(-1)?.trim()}` : lines.join(' ');
}

const EXAMPLES = `
Examples:
  slipway pool create ci --profile debian-12 --size 5      five VMs that are ready before anybody asks
  slipway pool import vmpooler.yaml                        pools and settings of a vmpooler
  slipway pool settings --vm-lifetime 12                   hours from checkout, for pools that say none
  slipway pool reset ci                                    new VMs for all that are not checked out`;

/** `slipway pool …`. */
export function poolCommand(): Command {
  return new Command('pool')
    .description('VM pools: VMs that are ready before anybody asks')
    .addHelpText('after', EXAMPLES)
    .addCommand(list())
    .addCommand(options(clientCommand('create', 'a new pool').argument('<name>')).action(create))
    .addCommand(options(clientCommand('set', 'change a pool').argument('<name>')).action(change))
    .addCommand(act('reset', 'replace the VMs that are not checked out', (api, path) => api.post(`${path}/reset`)))
    .addCommand(act('delete', 'remove a pool; VMs that are checked out live on', (api, path) => api.delete(path)))
    .addCommand(importFile())
    .addCommand(poolSettingsCommand());
}

const list = (): Command =>
  clientCommand('list', 'all pools, and what keeps them from being full').action(async (given: ClientOptions) => {
    const answer = await apiOf(given).get('/pool');
    if (given.json) return printJson(answer);
    printLine(table(COLUMNS, z.array(PoolRow).parse(answer), 'No VM pools yet: slipway pool create --help'));
  });

const options = (command: Command): Command =>
  command
    .option('--profile <name>', 'provisioner profile that its VMs are made from')
    .option('--size <n>', 'VMs that are to be ready')
    .option('--arg <name=value>', "argument of the profile's script; may be repeated", scriptArgument)
    .option('--alias <name>', 'another name that it is asked by; may be repeated', repeated)
    .option('--template <text>', 'what answers show (a new pool: the profile, unless told)')
    .option('--lifetime <hours>', 'from checkout')
    .option('--max-lifetime <hours>', 'what a lifetime has to stay below')
    .option('--ready-ttl <minutes>', 'after which a VM nobody wanted is replaced; 0 for never')
    .option('--timeout <minutes>', 'after which a VM that is not ready has failed')
    .option('--max-clones <n>', 'clones at a time')
    .option('--probe-port <port>', 'TCP port that a VM has to answer on to be ready')
    .option('--clone-target <name>', 'where its weight among the pools of an alias is looked up');

type PoolOptions = ClientOptions & Readonly<Record<string, unknown>>;

const OF_EVERY_CLIENT = ['--api', '--data', '--json'];

const changesOf = ({ options: all }: Command): string =>
  all.flatMap(({ long }) => (long && !OF_EVERY_CLIENT.includes(long) ? [long] : [])).join(', ');

async function create(name: string, given: PoolOptions): Promise<void> {
  if (given.profile === undefined)
    throw invalid('--profile', 'is missing: what its VMs are made from (slipway profile list).');
  if (given.size === undefined) throw invalid('--size', 'is missing: how many VMs are to be ready.');
  const answer = await apiOf(given).post('/pool', { name, ...optionValues(given) });
  if (given.json) return printJson(answer);
  printLine(`Created. It is being filled: slipway pool list`);
}

async function change(name: string, given: PoolOptions, command: Command): Promise<void> {
  const values = optionValues(given);
  if (Object.keys(values).length === 0) throw invalid('pool set', `names nothing to change: ${changesOf(command)}.`);
  const answer = await apiOf(given).put(`/pool/${part(name)}`, values);
  if (given.json) return printJson(answer);
  printLine(`Changed.`);
}

const act = (name: string, description: string, how: (api: Api, path: string) => Promise<unknown>): Command =>
  clientCommand(name, description)
    .argument('<name>')
    .action(async (pool: string, given: ClientOptions) => {
      const answer = await how(apiOf(given), `/pool/${part(pool)}`);
      if (given.json) return printJson(answer);
      printLine((answer as { message: string }).message);
    });

const Report = z.object({
  pools: z.array(z.object({ name: z.string(), done: z.string(), profile: z.string(), because: z.string() })),
  settings: z.array(z.string()),
  ignored: z.array(z.string()),
});

const importFile = (): Command =>
  clientCommand('import', 'pools and settings of a vmpooler.yaml; all of it or nothing')
    .argument('<file>')
    .action(async (file: string, given: ClientOptions) => {
      const answer = await apiOf(given).post('/pool-import', { file: textOf(file) });
      if (given.json) return printJson(answer);
      const { pools, settings, ignored } = Report.parse(answer);
      for (const { name, done, profile, because } of pools)
        printLine(`${name}: ${done}, made from profile ${profile} (by ${because})`);
      if (settings.length > 0) printLine(`Settings of all pools: ${settings.join(', ')}`);
      if (ignored.length > 0) printLine(`Not used: ${ignored.join(', ')}`);
      if (pools.length + settings.length === 0) printLine(`${file} has no pools and no settings: nothing was changed.`);
    });

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(file, (error as Error).message);
  }
}
