import { Command } from 'commander';
import { stringify } from 'yaml';
import { loadConfig } from '../config/load.ts';
import { masked } from '../config/show.ts';

interface Options {
  readonly config?: string;
}

const sub = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .option('--config <file>', 'default: ./slipway.yaml, else /etc/slipway/slipway.yaml');

/** `slipway config …`. */
export function configCommand(): Command {
  const check = sub('check', 'name every mistake in the configuration').action(async (options: Options) => {
    const { accounts } = loadConfig(options.config);
    // Loaded here, since no other command of a client needs what it brings.
    const { ldapSettings } = await import('../process/accounts.ts');
    ldapSettings(accounts);
    process.stdout.write('The configuration is valid.\n');
  });
  const show = sub('show', 'the configuration as it applies, secrets masked').action((options: Options) => {
    process.stdout.write(stringify(masked(loadConfig(options.config))));
  });
  return new Command('config').description('The configuration file').addCommand(check).addCommand(show);
}
