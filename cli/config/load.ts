import { existsSync, readFileSync } from 'node:fs';
import type { z } from 'zod';
import { readYaml } from '../../api/core/yaml.ts';
import { plainWords } from '../../api/http/plain-words.ts';
import { invalid } from '../../domain/fault.ts';
import { type Config, ConfigSchema } from './schema.ts';

/** Where the configuration is looked for when no file is named; the first that exists counts. */
export const CONFIG_PLACES = ['slipway.yaml', '/etc/slipway/slipway.yaml'] as const;

/**
 * The configuration of `file`, or of the first of CONFIG_PLACES, or the defaults when there is none of these.
 * 'invalid' naming the file, the key and the reason; a file that was named must exist.
 */
export function loadConfig(file: string | undefined): Config {
  const name = configFile(file);
  return name === null ? ConfigSchema.parse({}) : parseConfig(name, read(name));
}

/** Which file the configuration is read from; null: from none. */
export const configFile = (file: string | undefined): string | null =>
  file ?? CONFIG_PLACES.find((place) => existsSync(place)) ?? null;

/** What the text says, complete with defaults; `name` is for messages. */
export function parseConfig(name: string, text: string): Config {
  const document = yaml(name, text);
  const twice = isPvc(document) ? Object.keys(document.pvc).filter((key) => key in document) : [];
  if (twice.length > 0)
    throw invalid(name, twice.map((key) => `pvc.${key}: stands beside pvc, too: leave one of them out.`).join('\n  '));
  const parsed = ConfigSchema.safeParse(withoutPvc(document) ?? {}, { error: plainWords });
  if (parsed.success) return parsed.data;
  const place = (key: PropertyKey | undefined) =>
    isPvc(document) && key !== undefined && key in document.pvc ? 'pvc.' : '';
  throw invalid(name, parsed.error.issues.map((issue) => sentence(issue, place)).join('\n  '));
}

function yaml(name: string, text: string): unknown {
  const reading = readYaml(text);
  if ('mistakes' in reading) throw invalid(name, `not YAML: ${reading.mistakes.join('; ')}`);
  return reading.value;
}

/** PVC's file has everything below one key `pvc`; an empty token in its list (its example has one) is none. */
function withoutPvc(document: unknown): unknown {
  if (!isPvc(document)) return document;
  const { pvc, ...rest } = document;
  return { ...dropEmptyTokens(pvc), ...rest };
}

function dropEmptyTokens(pvc: Record<string, unknown>): Record<string, unknown> {
  const api = pvc.api;
  if (!isObject(api) || !isObject(api.authentication)) return pvc;
  const { tokens, secret_key, ...rest } = api.authentication;
  const authentication = {
    ...rest,
    ...(secret_key ? { secret_key } : {}),
    ...(Array.isArray(tokens) ? { tokens: tokens.filter((one) => !isObject(one) || one.token !== '') } : {}),
  };
  return { ...pvc, api: { ...api, authentication } };
}

const isPvc = (document: unknown): document is { readonly pvc: Record<string, unknown> } =>
  isObject(document) && isObject(document.pvc);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `place`: what stands before a key of the top. */
function sentence(issue: z.core.$ZodIssue, place: (key: PropertyKey | undefined) => string): string {
  const named = (path: readonly PropertyKey[]): string => place(path[0]) + path.join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((name) => `${named([...issue.path, name])}: there is no such setting.`).join('\n  ');
  return `${named(issue.path) || 'the file'}: ${issue.message.replace(/\.?$/, '.')}`;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw invalid('--config', `there is no file ${file}`);
    throw invalid(file, `cannot be read: ${(error as Error).message}`);
  }
}
