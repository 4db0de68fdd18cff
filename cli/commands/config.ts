import { Command } from 'commander';
import { stringify } from 'yaml';
import { invalid } from '../../domain/fault.ts';
import { CONFIG_PLACES, configFile, loadConfig } from '../config/load.ts';
import { masked } from '../config/show.ts';
import { isDebugging } from '../debugging.ts';

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
    const { ldapSettings } = await import('../process/accounts.ts');
    const { readPair, untimely } = await import('../process/http-server.ts');
    const { mustBeDebugging } = await import('../../api/accounts/index.ts');
    const { accounts, api, debug } = loadConfig(options.config);
    // Besides what the file says by itself, what it refers to.
    ldapSettings(accounts);
    if (accounts.provider === 'dummy') mustBeDebugging(debug || isDebugging());
    const why = api.ssl.enabled ? untimely(readPair(api.ssl).cert) : null;
    if (why !== null) throw invalid('api.ssl.cert_file', why);
    const file = configFile(options.config);
    const none = `There is no ${CONFIG_PLACES.join(' and no ')}: the defaults apply.`;
    process.stdout.write(file === null ? `${none}\n` : `The configuration in ${file} is valid.\n`);
  });
  const show = sub('show', 'the configuration as it applies, secrets masked').action((options: Options) => {
    process.stdout.write(stringify(masked(loadConfig(options.config))));
  });
  return new Command('config').description('The configuration file').addCommand(check).addCommand(show);
}
