import { parseDocument } from 'yaml';
import { z } from 'zod';
import { invalid } from '../../../domain/fault.ts';
import type { PoolSettings } from '../../../domain/vm-pool.ts';

const count = z.coerce.number().int().min(0);
const words = z.union([z.string(), z.array(z.coerce.string())]).transform((value) => [value].flat());
const yes = z.union([z.boolean(), z.stringbool()]);

/** Keys of vmpooler's `config` that mean something here, by what they are here (vmpooler-facts.md §2.9). */
const Config = z.looseObject({
  site_name: z.coerce.string().optional(),
  domain: z.coerce.string().optional(),
  prefix: z
    .string()
    .regex(/^([a-z][a-z0-9-]{0,30})?$/, 'must be lower-case letters, digits and hyphens, 31 at the most')
    .optional(),
  task_limit: count.min(1).optional(),
  ondemand_clone_limit: count.min(1).optional(),
  timeout: count.min(1).optional(),
  vm_checktime: count.min(1).optional(),
  ready_ttl: count.optional(),
  vm_lifetime: count.min(1).optional(),
  vm_lifetime_auth: count.optional(),
  max_lifetime_upper_limit: count.optional(),
  allowed_tags: words.optional(),
  tagfilter: z.record(z.string(), z.coerce.string()).optional(),
  clone_target: z.coerce.string().optional(),
  backend_weight: z.record(z.string(), z.coerce.number().min(0)).optional(),
  experimental_features: yes.optional(),
  max_ondemand_instances_per_request: count.min(1).optional(),
  ondemand_request_ttl: count.min(1).optional(),
  max_vm_retries: count.optional(),
  default_profile: z.string().optional(),
});

const Pool = z.looseObject({
  name: z.coerce.string(),
  template: z.coerce.string().optional(),
  profile: z.string().optional(),
  arguments: words.optional(),
  size: count,
  alias: words.optional(),
  timeout: count.min(1).optional(),
  ready_ttl: count.optional(),
  clone_target: z.coerce.string().optional(),
  max_clones: count.min(1).optional(),
  lifetime: count.min(1).optional(),
  max_lifetime: count.min(1).optional(),
  probe_port: count.min(1).optional(),
});

const File = z.looseObject({
  config: Config.optional(),
  redis: z.looseObject({ data_ttl: count.min(1).optional() }).optional(),
  pools: z.array(Pool).default([]),
  /** vmpooler's examples have it beside `config`. */
  tagfilter: z.record(z.string(), z.coerce.string()).optional(),
});

export type ImportedPool = z.output<typeof Pool>;

export interface ImportedFile {
  readonly settings: Partial<PoolSettings>;
  readonly pools: readonly ImportedPool[];
  /** Keys that mean nothing here, as they stand in the file. */
  readonly ignored: readonly string[];
}

/** Reads a vmpooler.yaml, whose keys may be written as Ruby's symbols (`:pools:`). 'invalid' with the key at fault. */
export function readPoolFile(text: string): ImportedFile {
  const document = parseDocument(text, { merge: true });
  const [mistake] = document.errors;
  if (mistake) throw invalid('file', `is not YAML: ${mistake.message.split('\n')[0]}`);
  const plain = withoutColons(document.toJS({ maxAliasCount: 100 }) ?? {});
  const result = File.safeParse(plain);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw invalid(issue?.path.join('.') || 'file', issue?.message ?? 'is no configuration of pools.');
  }
  return { settings: settingsOf(result.data), pools: result.data.pools, ignored: ignoredOf(result.data) };
}

/** `:name` is `name`: the configuration is written by Ruby programs. */
function withoutColons(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutColons);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.replace(/^:/, ''), withoutColons(inner)]));
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
