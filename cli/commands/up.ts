import type { Command } from 'commander';
import { invalid } from '../../domain/fault.ts';
import type { Instance } from '../instance/instance.ts';
import { freePort } from '../instance/ports.ts';
import type { ProcessOptions } from '../process/settings.ts';
import { processCommand, type SimOptions, serverOptions, simStepOption, stepMsOf } from './process-options.ts';

interface UpOptions extends ProcessOptions, SimOptions {
  readonly sim?: string | true;
  readonly json?: boolean;
}

/** Simulated nodes without a number. */
const SIM_NODES = 3;

const NOTES = `
When everything is ready, one line of JSON is printed on standard output:
  {"api":"http://HOST:PORT","vmpooler":"http://HOST:PORT","temporal":"HOST:PORT","temporalUi":"http://…","token":"…","data":"DIR","pid":N}
SIGTERM ends everything in order; guests go on. Started again on the same directory, it goes on where it was.
Without --temporal and TEMPORAL_ADDRESS, a Temporal dev server is run with its database in the data directory.`;

/** `slipway up`. */
export const upCommand = (): Command =>
  serverOptions(processCommand('up', 'everything on this machine: API, control worker, node, and a Temporal server'))
    .option('--sim [n]', `simulated nodes instead of this machine's hypervisor (default: ${SIM_NODES})`)
    .addOption(simStepOption())
    .option('--json', 'nothing but the line of JSON')
    .addHelpText('after', NOTES)
    .action(async (options: UpOptions) => {
      const say = options.json ? () => undefined : (text: string) => void process.stderr.write(`${text}\n`);
      const ready = (instance: Instance): void => void process.stdout.write(`${JSON.stringify(instance)}\n`);
      const metrics = `127.0.0.1:${await freePort('127.0.0.1')}`;
      const plan = { simulated: simulatedNodes(options.sim), stepMs: stepMsOf(options), metrics, say, ready };
      // Loaded when it is to run: see process.ts.
      const { bringUp } = await import('../process/up.ts');
      const { runProcess } = await import('../process/run.ts');
      await runProcess({ role: 'up', logToFile: true }, options, (settings, things) => bringUp(settings, things, plan));
    });

/** More ask for more work at once than a dev server lets them: it refuses, and they try again and again. */
const MOST_SIM_NODES = 300;

function simulatedNodes(option: string | true | undefined): number {
  if (option === undefined) return 0;
  const count = option === true ? SIM_NODES : Number(option);
  if (!Number.isInteger(count) || count < 1 || count > MOST_SIM_NODES) {
    throw invalid('--sim', `'${option}' is no number of nodes from 1 to ${MOST_SIM_NODES}`);
  }
  return count;
}
