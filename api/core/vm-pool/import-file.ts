import { z } from 'zod';
import { invalid } from '../../../domain/fault.ts';
import { MAX_CLONES, MAX_LIFETIME_HOURS, MAX_MINUTES, type PoolSettings } from '../../../domain/vm-pool.ts';
import { readYaml } from '../yaml.ts';

/** Labels of letters, digits and inner hyphens (RFC 1123). */
const DOMAIN = /^(?!.{254})[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** YAML has numbers where texts are meant (`name: 2016`), and texts where numbers are (`size: "3"`). */
const text = z.union([z.string(), z.number()], { error: 'must be a text.' }).transform(String);
const noNumber = { error: 'must be a number.' };
const number = z.union([z.number(), z.string().regex(/^\d+(\.\d+)?$/, noNumber)], noNumber).transform(Number);
const count = (least = 0, most = Number.POSITIVE_INFINITY) => {
  const error = `must be a whole number ${Number.isFinite(most) ? `from ${least} to ${most}` : `of at least ${least}`}.`;
  return number.pipe(z.number({ error }).int({ error }).min(least, { error }).max(most, { error }));
};
const minutes = (least = 1) => count(least, MAX_MINUTES);
const hours = (least = 1) => count(least, MAX_LIFETIME_HOURS);
const mapping = { error: 'must be a mapping of keys to values.' };
const weight = number.pipe(z.number(noNumber).min(0, { error: 'must be a number of at least 0.' }));
const words = z
  .union([text, z.array(text)], { error: 'must be a text or a list of texts.' })
  .transform((value) => [value].flat());
const yes = z.union([z.boolean(), z.stringbool()], { error: 'must be true or false.' });
const filters = z.record(z.string(), text, { error: 'must be a regular expression by tag.' });

/** Keys of vmpooler's `config` that mean something here, by what they are here (vmpooler-facts.md §2.9). */
const Config = z.looseObject(
  {
    site_name: text.optional(),
    domain: text
      .refine((domain) => DOMAIN.test(domain), 'must be a domain name, like delivery.example.com.')
      .optional(),
    prefix: text
      .refine(
        (prefix) => /^([a-z][a-z0-9-]{0,30})?$/.test(prefix),
        'must be lower-case letters, digits and hyphens, 31 at the most.',
      )
      .optional(),
    task_limit: count(1, MAX_CLONES).optional(),
    ondemand_clone_limit: count(1, MAX_CLONES).optional(),
    timeout: minutes().optional(),
    vm_checktime: minutes().optional(),
    ready_ttl: minutes(0).optional(),
    vm_lifetime: hours().optional(),
    vm_lifetime_auth: hours(0).optional(),
    max_lifetime_upper_limit: hours(0).optional(),
    allowed_tags: words.optional(),
    tagfilter: filters.optional(),
    clone_target: text.optional(),
    backend_weight: z.record(z.string(), weight, { error: 'must be a number by clone target.' }).optional(),
    experimental_features: yes.optional(),
    max_ondemand_instances_per_request: count(1).optional(),
    ondemand_request_ttl: minutes().optional(),
    default_profile: text.optional(),
  },
  mapping,
);

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

const File = z.looseObject(
  {
    config: Config.optional(),
    redis: z.looseObject({ data_ttl: hours().optional() }, mapping).optional(),
    pools: z.array(Pool, { error: 'must be a list of pools.' }).default([]),
    /** vmpooler's examples have it beside `config`. */
    tagfilter: filters.optional(),
  },
  mapping,
);

export type ImportedPool = z.output<typeof Pool>;

export interface ImportedFile {
  readonly settings: Partial<PoolSettings>;
  readonly pools: readonly ImportedPool[];
  /** Keys that mean nothing here, as they stand in the file. */
  readonly ignored: readonly string[];
}

/** Reads a vmpooler.yaml, whose keys may be written as Ruby's symbols (`:pools:`). 'invalid' with the key at fault. */
export function readPoolFile(text: string): ImportedFile {
  const read = readYaml(text, true);
  if ('mistakes' in read) throw invalid('file', `is not YAML: ${read.mistakes[0]?.split('\n')[0]}`);
  const plain = plainly(read.value ?? {});
  const result = File.safeParse(plain);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw invalid(issue?.path.join('.') || 'file', reasonOf(plain, issue) ?? 'is no configuration of pools.');
  }
  return { settings: settingsOf(result.data), pools: result.data.pools, ignored: ignoredOf(result.data) };
}

/** Without what is empty, which YAML reads as null; and `:name` is `name`: the configuration is written by Ruby programs. */
function plainly(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainly);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key.replace(/^:/, ''), plainly(inner)]),
  );
}

/** What a key lacks is said before what it should have been. */
function reasonOf(document: unknown, issue: z.core.$ZodIssue | undefined): string | undefined {
  const at = (value: unknown, key: PropertyKey): unknown => (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return issue && issue.path.reduce(at, document) === undefined ? 'is missing.' : issue?.message;
}

function settingsOf({ config = {}, redis, tagfilter }: z.output<typeof File>): Partial<PoolSettings> {
  const given: Partial<Record<keyof PoolSettings, unknown>> = {
    siteName: config.site_name,
    domain: config.domain,
    prefix: config.prefix,
    taskLimit: config.task_limit,
    ondemandCloneLimit: config.ondemand_clone_limit,
    timeoutMin: config.timeout,
    checkTimeMin: config.vm_checktime,
    readyTtlMin: config.ready_ttl,
    lifetimeHours: config.vm_lifetime,
    // 0 means none, as there.
    lifetimeAuthHours: config.vm_lifetime_auth === 0 ? null : config.vm_lifetime_auth,
    maxLifetimeHours: config.max_lifetime_upper_limit === 0 ? null : config.max_lifetime_upper_limit,
    allowedTags: config.allowed_tags?.length === 0 ? null : config.allowed_tags,
    tagFilters: tagfilter || config.tagfilter ? { ...tagfilter, ...config.tagfilter } : undefined,
    cloneTarget: config.clone_target,
    backendWeights: config.backend_weight,
    experimental: config.experimental_features,
    maxPerRequest: config.max_ondemand_instances_per_request,
    requestTtlMin: config.ondemand_request_ttl,
    dataTtlHours: redis?.data_ttl,
    defaultProfile: config.default_profile,
  };
  for (const [tag, filter] of Object.entries({ ...tagfilter, ...config.tagfilter })) mustBePattern(tag, filter);
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function mustBePattern(tag: string, filter: string): void {
  try {
    new RegExp(filter);
  } catch {
    throw invalid(`config.tagfilter.${tag}`, `'${filter}' is no regular expression.`);
  }
}

function ignoredOf({ config, redis, pools, tagfilter: _, ...rest }: z.output<typeof File>): readonly string[] {
  const unknown = (value: object | undefined, known: readonly string[], where: string): readonly string[] =>
    Object.keys(value ?? {})
      .filter((key) => !known.includes(key))
      .map((key) => `${where}.${key}`);
  return [
    ...Object.keys(rest),
    ...unknown(config, Object.keys(Config.shape), 'config'),
    ...unknown(redis, ['data_ttl'], 'redis'),
    ...new Set(pools.flatMap((pool) => unknown(pool, Object.keys(Pool.shape), 'pools'))),
  ];
}
