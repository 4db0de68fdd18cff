import { Command } from 'commander';
import { configCommand } from './commands/config.ts';
import { downCommand } from './commands/down.ts';
import { networkCommand } from './commands/network.ts';
import { nodeListCommand } from './commands/node-list.ts';
import { poolCommand } from './commands/pool.ts';
import { apiCommand, controlCommand, nodeCommand } from './commands/process.ts';
import { profileCommand } from './commands/profile.ts';
import { taskCommand } from './commands/task.ts';
import { tokenCommand } from './commands/token.ts';
import { upCommand } from './commands/up.ts';
import { userCommand } from './commands/user.ts';
import { vmCommand } from './commands/vm.ts';
import { volumeCommand } from './commands/volume.ts';
import { packageVersion } from './package-root.ts';

const EXAMPLES = `
Examples:
  slipway up --sim                             everything on this machine, over three simulated nodes
  slipway vm create web1 --profile empty --watch
  slipway task list --active
  slipway up --listen 127.0.0.1:0 --data /srv/slipway

The clients (vm, volume, task, profile, pool, token, user, network, node list) find the API by --api or SLIPWAY_API with SLIPWAY_TOKEN,
else the instance that runs on the data directory (--data, else SLIPWAY_DATA, else the default).

Exit status: 0 done, 1 failed (also a watched task that failed), 64 bad usage, 69 something needed is not there, 77 not allowed.`;

/** Whatever of the command line is wrong is thrown with the hint, for every command: they do not inherit it. */
function throwingUsage(command: Command): Command {
  command.exitOverride().showHelpAfterError('(--help shows what there is)');
  command.commands.forEach(throwingUsage);
  return command;
}

/** The whole command line; throws CommanderError, its words written, for bad usage and for help that was asked for. */
export function program(): Command {
  const node = nodeCommand().enablePositionalOptions();
  node.addCommand(nodeListCommand());
  const all = new Command('slipway')
    .enablePositionalOptions()
    .description('Turns a profile into a running machine, by durable Temporal workflows.')
    .version(packageVersion())
    .addHelpText('after', EXAMPLES)
    .addCommand(upCommand())
    .addCommand(downCommand())
    .addCommand(apiCommand())
    .addCommand(controlCommand())
    .addCommand(node)
    .addCommand(vmCommand())
    .addCommand(volumeCommand())
    .addCommand(taskCommand())
    .addCommand(profileCommand())
    .addCommand(poolCommand())
    .addCommand(networkCommand())
    .addCommand(tokenCommand())
    .addCommand(userCommand())
    .addCommand(configCommand());
  return throwingUsage(all);
}
