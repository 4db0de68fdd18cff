import type { Command } from 'commander';
import { invalid } from '../../domain/fault.ts';
import type { NodeName } from '../../domain/ids.ts';
import type { ProcessOptions } from '../process/settings.ts';
import { processCommand, type SimOptions, serverOptions, simStepOption, stepMsOf } from './process-options.ts';

interface MetricsOptions extends ProcessOptions {
  readonly metrics?: string;
}

interface NodeOptions extends MetricsOptions, SimOptions {
  readonly sim?: boolean;
  readonly name?: string;
}

const METRICS = [
  '--metrics <host:port>',
  "where the Temporal SDK's Prometheus metrics are served (default: nowhere)",
] as const;

const SHARED = `
Log lines are JSON on standard error. Needs a Temporal server (--temporal or TEMPORAL_ADDRESS), and the data directory
that the other processes use: its store is where they meet.`;

/** Loaded when one is to run: clients need nothing of it, and start in half the time without. */
const processes = async () => ({ ...(await import('../process/roles.ts')), ...(await import('../process/run.ts')) });

/** `slipway api`. */
export const apiCommand = (): Command =>
  serverOptions(processCommand('api', 'the API and the metadata service alone; run as many as needed'))
    .addHelpText('after', SHARED)
    .action(async (options: ProcessOptions) => {
      const { runProcess, runApi } = await processes();
      await runProcess({ role: 'api', logToFile: false }, options, runApi);
    });

/** `slipway control`. */
export const controlCommand = (): Command =>
  processCommand('control', 'the control worker alone: workflows, and what touches the store; run as many as needed')
    .option(...METRICS)
    .addHelpText('after', SHARED)
    .action(async (options: MetricsOptions) => {
      const { runProcess, runControl } = await processes();
      await runProcess({ role: 'control', logToFile: false }, options, (settings, things) =>
        runControl(settings, things, options.metrics),
      );
    });

/** `slipway node`; its subcommands are added by the program. */
export const nodeCommand = (): Command =>
  processCommand('node', "this hypervisor's worker alone: one per host (as a group: slipway node list)")
    .option('--name <name>', 'node name (default: node.name of the configuration, else the host name)')
    .option('--metadata <host:port>', 'where the metadata service of this host listens (default: 127.0.0.1:7371)')
    .option('--sim', 'simulated, under that name')
    .addOption(simStepOption())
    .option(...METRICS)
    .addHelpText('after', SHARED)
    .action(async (options: NodeOptions) => {
      const { runProcess, runNode } = await processes();
      const plan = { ...nameOf(options), stepMs: options.sim ? stepMsOf(options) : null, metrics: options.metrics };
      await runProcess({ role: 'node', logToFile: false }, options, (settings, things) =>
        runNode(settings, things, plan),
      );
    });

function nameOf({ name }: NodeOptions): { readonly name?: NodeName } {
  if (name === undefined) return {};
  if (!/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/i.test(name)) throw invalid('--name', `'${name}' is no host name`);
  return { name: name as NodeName };
}
