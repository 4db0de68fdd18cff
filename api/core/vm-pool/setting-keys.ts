import { z } from 'zod';
import {
  MAX_CLONES,
  MAX_LIFETIME_HOURS,
  MAX_MINUTES,
  POOL_DEFAULTS,
  type PoolSettings,
} from '../../../domain/vm-pool.ts';
import { count, noNumber, number, text, words, yes } from './plain-value.ts';
import { NoFilter, tagFilter } from './tag-filter.ts';

/** Labels of letters, digits and inner hyphens (RFC 1123). */
const DOMAIN = /^(?!.{254})[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
/** Failures in a row that a pool may be allowed at the most. */
const MAX_FAILURES = 1_000;

const minutes = (least = 1) => count(least, MAX_MINUTES);
const hours = (least = 1) => count(least, MAX_LIFETIME_HOURS);
/** 0 means none, as with vmpooler. */
const hoursOrNone = hours(0).transform((value) => (value === 0 ? null : value));
const domain = text.refine((value) => DOMAIN.test(value), 'must be a domain name, like delivery.example.com.');
const prefix = text.refine(
  (value) => /^([a-z][a-z0-9-]{0,30})?$/.test(value),
  'must be lower-case letters, digits and hyphens, 31 at the most.',
);
const pattern = text.superRefine((value, context) => {
  const why = filterMistake(value);
  if (why !== undefined) context.addIssue({ code: 'custom', message: `'${value}' ${why}` });
});
const weight = number.pipe(z.number(noNumber).min(0, { error: 'must be a number of at least 0.' }));

/** As answers have it; mappings are of texts or numbers. */
export type SettingType = 'string' | 'integer' | 'boolean' | 'array' | 'object';

/** A setting by its name for people: what it is in the core, what it means, and what it may be. */
const setting = <Field extends keyof PoolSettings>(
  field: Field,
  type: SettingType,
  meaning: string,
  schema: z.ZodType<PoolSettings[Field]>,
) => ({ field, type, meaning, schema });

/** Keys of vmpooler's `config` that mean something here (vmpooler-facts.md §2.9), and ours. */
export const SETTING_KEYS = {
  site_name: setting('siteName', 'string', 'Title of the dashboard.', text),
  domain: setting('domain', 'string', 'Appended to names of VMs in answers.', domain),
  prefix: setting('prefix', 'string', 'Begins the names of VMs.', prefix),
  task_limit: setting('taskLimit', 'integer', 'Clones at a time, of all pools together.', count(1, MAX_CLONES)),
  ondemand_clone_limit: setting(
    'ondemandCloneLimit',
    'integer',
    'The same for on-demand requests.',
    count(1, MAX_CLONES),
  ),
  timeout: setting('timeoutMin', 'integer', 'Minutes after which a VM that is not ready has failed.', minutes()),
  vm_checktime: setting('checkTimeMin', 'integer', 'Minutes between looks at a ready VM.', minutes()),
  ready_ttl: setting(
    'readyTtlMin',
    'integer',
    'Minutes that a VM stays ready before it is replaced; 0 for ever.',
    minutes(0),
  ),
  vm_lifetime: setting('lifetimeHours', 'integer', 'Hours from checkout.', hours()),
  vm_lifetime_auth: setting('lifetimeAuthHours', 'integer', 'The same with a token; 0: no other.', hoursOrNone),
  max_lifetime_upper_limit: setting(
    'maxLifetimeHours',
    'integer',
    'Hours that a lifetime somebody asks for has to stay below; 0: none.',
    hoursOrNone,
  ),
  allowed_tags: setting(
    'allowedTags',
    'array',
    'Tags that VMs may have; any without.',
    words.transform((tags) => (tags.length === 0 ? null : tags)),
  ),
  tagfilter: setting(
    'tagFilters',
    'object',
    'Regular expression by tag: its captures replace a value that it matches.',
    z.record(z.string(), pattern, { error: 'must be a regular expression by tag.' }),
  ),
  clone_target: setting('cloneTarget', 'string', 'Of pools that say none: where their weight is looked up.', text),
  backend_weight: setting(
    'backendWeights',
    'object',
    'Number by clone target: how often its pools are drawn among those of an alias.',
    z.record(z.string(), weight, { error: 'must be a number by clone target.' }),
  ),
  experimental_features: setting(
    'experimental',
    'boolean',
    'Whether /config of the vmpooler API may change pools.',
    yes,
  ),
  max_ondemand_instances_per_request: setting(
    'maxPerRequest',
    'integer',
    'VMs of each name that an on-demand request asks for.',
    count(1),
  ),
  ondemand_request_ttl: setting(
    'requestTtlMin',
    'integer',
    'Minutes after which an on-demand request has failed.',
    minutes(),
  ),
  data_ttl: setting('dataTtlHours', 'integer', 'Hours that the record of a deleted VM is kept.', hours()),
  default_profile: setting('defaultProfile', 'string', 'Profile of imported pools whose template names none.', text),
  max_failures: setting(
    'maxFailures',
    'integer',
    'Failures in a row after which a pool is given up.',
    count(1, MAX_FAILURES),
  ),
};

export type SettingKey = keyof typeof SETTING_KEYS;
/** Settings by their names for people. */
export type SettingValues = Readonly<Partial<Record<SettingKey, unknown>>>;

const ENTRIES = Object.entries(SETTING_KEYS) as readonly [SettingKey, { readonly field: keyof PoolSettings }][];

/** What the settings' schemas made of values: those that are given, null for the default. */
export function settingsOf(values: SettingValues): Partial<PoolSettings> {
  const given = ENTRIES.filter(([key]) => values[key] !== undefined);
  return Object.fromEntries(given.map(([key, { field }]) => [field, values[key] ?? POOL_DEFAULTS[field]]));
}

/** All settings by their names for people. */
export const settingValues = (settings: PoolSettings): Readonly<Record<string, unknown>> =>
  Object.fromEntries(ENTRIES.map(([key, { field }]) => [key, settings[field]]));

/** The name that people know a setting by. */
export const settingKey = (field: string): string => ENTRIES.find(([, one]) => one.field === field)?.[0] ?? field;

function filterMistake(text: string): string | undefined {
  try {
    tagFilter(text);
    return undefined;
  } catch (error) {
    if (error instanceof NoFilter) return error.message;
    throw error;
  }
}
