import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { type Api, apiClient } from '../client/api.ts';
import { findTarget } from '../client/target.ts';

export interface ClientOptions {
  readonly api?: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** A command that asks the API: with the options every such command has. */
export function clientCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--api <url>', 'address of the API (default: SLIPWAY_API, else the instance on the data directory)')
    .option('--data <dir>', 'data directory of the instance (default: SLIPWAY_DATA, else /var/lib/slipway)')
    .option('--json', 'print JSON, as the API gave it');
}

/** The API that these options name. */
export const apiOf = (options: ClientOptions): Api => apiClient(findTarget(options));

export const printJson = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

export const printLine = (text: string): void => void process.stdout.write(`${text}\n`);

/** Commander's collector for an option that may be repeated. */
export const repeated = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** The same for arguments of a profile's script: bad usage unless NAME=VALUE. */
export function scriptArgument(value: string, before?: readonly string[]): readonly string[] {
  if (!/^[^=]+=/.test(value)) throw new InvalidArgumentError('It has to be NAME=VALUE.');
  return repeated(value, before);
}

/** The same with the text of a file for the value, `-` being standard input, without its last line break; bad usage if it cannot be read. */
export function fileArgument(value: string, before?: readonly string[]): readonly string[] {
  const [, name, file = ''] = /^([^=]+)=(.+)$/.exec(value) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It has to be NAME=FILE.');
  try {
    return repeated(`${name}=${readFileSync(file === '-' ? 0 : file, 'utf8').replace(/\n$/, '')}`, before);
  } catch (error) {
    throw new InvalidArgumentError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** Options as the API's values: what is not an option of every client. */
export const optionValues = ({
  api: _a,
  data: _d,
  json: _j,
  ...rest
}: ClientOptions & Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]),
  );
