import { z } from 'zod';
import { invalid, type Mistake } from '../../../domain/fault.ts';
import type { PoolSettings } from '../../../domain/vm-pool.ts';
import { readYaml } from '../yaml.ts';
import { count, mapping, text, words } from './plain-value.ts';
import { SETTING_KEYS, settingsOf } from './setting-keys.ts';

const { data_ttl, ...CONFIG_KEYS } = SETTING_KEYS;

const Config = z.looseObject(
  Object.fromEntries(Object.entries(CONFIG_KEYS).map(([key, { schema }]) => [key, schema.optional()])),
  mapping,
);
const Redis = z.looseObject({ data_ttl: data_ttl.schema.optional() }, mapping);
/** vmpooler's examples have `tagfilter` beside `config`. */
const Beside = z.looseObject({ tagfilter: SETTING_KEYS.tagfilter.schema.optional() }, mapping);

const Pool = z.looseObject(
  {
    name: text,
    template: text.optional(),
    profile: text.optional(),
    arguments: words.optional(),
    size: count(),
    alias: words.optional(),
    timeout: count(1).optional(),
    ready_ttl: count().optional(),
    clone_target: text.optional(),
    max_clones: count(1).optional(),
    lifetime: count(1).optional(),
    max_lifetime: count(1).optional(),
    probe_port: count(1).optional(),
  },
  mapping,
);
type PoolKeys = z.output<typeof Pool>;

/** A pool of the file, as far as it can be read. */
export interface ImportedPool {
  /** What mistakes call it: its name, or its number in the list where it has none. */
  readonly where: string;
  readonly keys: Partial<PoolKeys>;
  /** Keys that cannot be read. */
  readonly unread: readonly string[];
}

export interface ImportedFile {
  readonly settings: Partial<PoolSettings>;
  readonly pools: readonly ImportedPool[];
  /** Keys that mean nothing here, as they stand in the file. */
  readonly ignored: readonly string[];
  /** What cannot be read, each by its pool and key. */
  readonly mistakes: readonly Mistake[];
}

/** Reads a vmpooler.yaml, whose keys may be written as Ruby's symbols (`:pools:`), each in one way. 'invalid' for what is no YAML. */
export function readPoolFile(text: string): ImportedFile {
  const read = readYaml(text, { merge: true });
  if ('mistakes' in read) throw invalid('file', `cannot be read as YAML: ${shortly(read.mistakes)}`);
  const doubled: Mistake[] = [];
  const plain = plainly(read.value ?? {}, [], doubled);
  const { config: _c, redis: _r, pools: _p, ...others } = isMapping(plain) ? plain : {};
  const { config = {}, redis = {}, pools = [] } = isMapping(plain) ? plain : {};
  const parts = {
    config: readPart(Config, config, 'config'),
    redis: readPart(Redis, redis, 'redis'),
    beside: readPart(Beside, isMapping(plain) ? others : plain, ''),
  };
  const list = Array.isArray(pools) ? pools.map(readPool) : [];
  const noList = Array.isArray(pools) ? [] : [{ field: 'pools', why: 'must be a list of pools.' }];
  return {
    settings: settingsFrom(parts),
    pools: list.map(({ pool }) => pool),
    ignored: [
      ...unknownIn(parts.beside.keys, Beside, ''),
      ...unknownIn(parts.config.keys, Config, 'config.'),
      ...unknownIn(parts.redis.keys, Redis, 'redis.'),
      ...new Set(list.flatMap(({ pool }) => unknownIn(pool.keys, Pool, 'pools.'))),
    ],
    mistakes: [
      ...doubled,
      ...Object.values(parts).flatMap(({ mistakes }) => mistakes),
      ...noList,
      ...list.flatMap(({ mistakes }) => mistakes),
    ],
  };
}

/** Mistakes of a file that is no YAML that are named: one brings others. */
const NAMED = 3;

/** A mistake's first line says what and where; the others quote the file. */
function shortly(mistakes: readonly string[]): string {
  const more = mistakes.length - NAMED;
  const named = mistakes.slice(0, NAMED).map((mistake) => mistake.split('\n')[0]?.replace(/:$/, ''));
  return named.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Without what is empty, which YAML reads as null; and `:name` is `name`: the configuration is written by Ruby programs. What is there
 * in both ways is a mistake: one of them would be lost.
 */
function plainly(value: unknown, path: readonly string[], doubled: Mistake[]): unknown {
  if (Array.isArray(value)) return value.map((one, index) => plainly(one, [...path, labelOf(one, index)], doubled));
  if (!isMapping(value)) return value;
  const plain = new Map<string, unknown>();
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null) continue;
    const name = key.replace(/^:/, '');
    const field = [...path, name];
    if (plain.has(name))
      doubled.push({ field: field.join('.'), why: 'is there twice, with and without a colon before it.' });
    plain.set(name, plainly(inner, field, doubled));
  }
  return Object.fromEntries(plain);
}

/** What mistakes call one of a list: its name, or its number where it has none. No name has such a sign. */
function labelOf(value: unknown, index: number): string {
  const name = text.safeParse(isMapping(value) ? (value.name ?? value[':name']) : undefined);
  return name.success ? name.data : `#${index + 1}`;
}

interface Part<Keys> {
  readonly keys: Partial<Keys>;
  readonly unread: readonly string[];
  readonly mistakes: readonly Mistake[];
}

/** What of a mapping can be read, and what is wrong with the rest. */
function readPart<Schema extends z.ZodObject>(schema: Schema, value: unknown, where: string): Part<z.output<Schema>> {
  const result = schema.safeParse(value);
  if (result.success) return { keys: result.data, unread: [], mistakes: [] };
  const mistakes = result.error.issues.map((issue) => ({
    field: [where, ...issue.path].filter((part) => part !== '').join('.') || 'file',
    why: isMissing(value, issue) ? 'is missing.' : issue.message,
  }));
  const unread = result.error.issues.flatMap(({ path: [key] }) =>
    key === undefined ? Object.keys(schema.shape) : [String(key)],
  );
  const rest = Object.entries(isMapping(value) ? value : {}).filter(([key]) => !unread.includes(key));
  return { keys: schema.partial().parse(Object.fromEntries(rest)) as Partial<z.output<Schema>>, unread, mistakes };
}

/** What a key lacks is said before what it should have been. */
function isMissing(document: unknown, { path }: z.core.$ZodIssue): boolean {
  const at = (value: unknown, key: PropertyKey): unknown => (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return path.reduce(at, document) === undefined;
}

function readPool(
  value: unknown,
  index: number,
): { readonly pool: ImportedPool; readonly mistakes: readonly Mistake[] } {
  const where = `pools.${labelOf(value, index)}`;
  const { keys, unread, mistakes } = readPart(Pool, value, where);
  return { pool: { where, keys, unread }, mistakes };
}

function settingsFrom({ config, redis, beside }: Readonly<Record<'config' | 'redis' | 'beside', Part<object>>>) {
  const inner: { readonly tagfilter?: object } = config.keys;
  const outer: { readonly tagfilter?: object } = beside.keys;
  const tagfilter = inner.tagfilter || outer.tagfilter ? { ...outer.tagfilter, ...inner.tagfilter } : undefined;
  return settingsOf({ ...config.keys, ...redis.keys, tagfilter });
}

const unknownIn = (keys: object, { shape }: z.ZodObject, where: string): readonly string[] =>
  Object.keys(keys)
    .filter((key) => !Object.hasOwn(shape, key))
    .map((key) => `${where}${key}`);
