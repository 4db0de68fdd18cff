import { Command, Option } from 'commander';
import { invalid } from '../../domain/fault.ts';

/** A command that runs until it is told to end, with the options that every such command has. */
export const processCommand = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .option('--data <dir>', 'data directory (default: SLIPWAY_DATA, else /var/lib/slipway for root)')
    .option(
      '--config <file>',
      'configuration (default: ./slipway.yaml, else /etc/slipway/slipway.yaml, if there is one)',
    )
    .option('--temporal <host:port>', 'Temporal server (default: TEMPORAL_ADDRESS)')
    .option('--debug', 'more in the log');

/** Where a process that serves HTTP listens. */
export const serverOptions = (command: Command): Command =>
  command
    .option(
      '--listen <host:port>',
      'where the API listens; port 0: any free one, kept from then on (default: 127.0.0.1:7370)',
    )
    .option(
      '--metadata <host:port>',
      'where the metadata service listens; guests are led there (default: 127.0.0.1:7371; slipway up takes another port if that is taken)',
    )
    .option(
      '--vmpooler <host:port>',
      "where vmpooler's API listens by itself; port 0 as above (default: 127.0.0.1:7372 with up, nowhere with api)",
    );

export interface SimOptions {
  readonly simStepMs?: string;
}

export const simStepOption = (): Option =>
  new Option('--sim-step-ms <n>', 'how long every simulated effect takes, in ms').default('0');

/** 'invalid' unless a number of ms. */
export function stepMsOf({ simStepMs = '0' }: SimOptions): number {
  if (!/^\d{1,6}$/.test(simStepMs)) throw invalid('--sim-step-ms', `'${simStepMs}' is no number of milliseconds`);
  return Number(simStepMs);
}
