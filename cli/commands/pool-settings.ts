import { type Command, Option } from 'commander';
import { z } from 'zod';
import { SETTING_KEYS, type SettingType } from '../../api/core/vm-pool/setting-keys.ts';
import { table } from '../client/table.ts';
import { apiOf, type ClientOptions, clientCommand, optionValues, printJson, printLine, repeated } from './client.ts';

/** What stands behind an option of each type; several values where it may be repeated. */
const VALUE: Readonly<Record<SettingType, { readonly shown: string; readonly several: boolean }>> = {
  string: { shown: '<text>', several: false },
  integer: { shown: '<n>', several: false },
  boolean: { shown: '<true|false>', several: false },
  array: { shown: '<text>', several: true },
  object: { shown: '<name=value>', several: true },
};

const SETTINGS = Object.entries(SETTING_KEYS);

/** `slipway pool settings`: without options shows them. */
export function poolSettingsCommand(): Command {
  const command = clientCommand('settings', 'what holds for all pools: shows it, or changes what is given')
    .addHelpText('after', "\nAn empty value is the default: slipway pool settings --vm-lifetime ''")
    .action(run);
  for (const [key, { type, meaning }] of SETTINGS) {
    const { shown, several } = VALUE[type];
    const option = new Option(
      `--${key.replaceAll('_', '-')} ${shown}`,
      several ? `${meaning} May be repeated.` : meaning,
    );
    command.addOption(several ? option.argParser(repeated) : option);
  }
  return command;
}

const Shown = z.record(z.string(), z.unknown());

async function run(given: ClientOptions & Readonly<Record<string, unknown>>): Promise<void> {
  const api = apiOf(given);
  const change = optionValues(given);
  const changing = Object.keys(change).length > 0;
  const answer = changing ? await api.put('/pool-settings', change) : await api.get('/pool-settings');
  if (given.json) return printJson(answer);
  if (changing) return printLine('Changed.');
  const values = Shown.parse(answer);
  const columns = {
    SETTING: ([key]: (typeof SETTINGS)[number]) => key,
    VALUE: ([key]: (typeof SETTINGS)[number]) => shownAs(values[key]),
    MEANING: ([, { meaning }]: (typeof SETTINGS)[number]) => meaning,
  };
  printLine(table(columns, SETTINGS, ''));
}

function shownAs(value: unknown): string {
  if (Array.isArray(value)) return value.join(' ');
  if (typeof value !== 'object' || value === null) return String(value ?? '');
  return Object.entries(value)
    .map(([name, one]) => `${name}=${one}`)
    .join(' ');
}
