import { MAX_LIFETIME_HOURS, type PoolSettings, type VmPool } from '../../../domain/vm-pool.ts';
import { NoFilter, tagFilter } from './tag-filter.ts';

/** What is asked for a VM. Numbers may be fractions: vmpooler cuts them off. */
export interface EntryWish {
  /** From checkout. NaN for what was no number. */
  readonly lifetimeHours?: number | undefined;
  /** As it was given, for the refusal. */
  readonly lifetimeText?: string | undefined;
  /** Empty values are passed over. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Size of a disk to be added. NaN for what was no number. */
  readonly diskGiB?: number | undefined;
  /** As it was given, for the refusal. */
  readonly diskText?: string | undefined;
  /** What could not be read of it, each in a sentence: refused with the rest. */
  readonly unread?: readonly string[];
}

/** Characters of a tag's name, and of its value. */
const MAX_TAG = 255;
/** Tags of a VM: whoever lists VMs reads all of them. */
const MAX_TAGS = 100;
const MAX_DISK_GIB = 2_048;

/** Everything that is wrong with a wish for a VM that has these tags, each in a sentence (vmpooler-facts.md §1.4). */
export function problemsOf(
  { lifetimeHours, lifetimeText, tags, diskGiB, diskText, unread = [] }: EntryWish,
  pool: Pick<VmPool, 'maxLifetimeHours'> | undefined,
  settings: PoolSettings,
  had: Readonly<Record<string, string>>,
): readonly string[] {
  const problems = [...unread];
  const limit = pool?.maxLifetimeHours ?? settings.maxLifetimeHours;
  if (lifetimeHours !== undefined) {
    const given = lifetimeText ?? String(lifetimeHours);
    const hours = Math.trunc(lifetimeHours);
    if (!(hours >= 1)) problems.push(`You provided a lifetime (${given}) but you must provide a positive number.`);
    else if (hours > MAX_LIFETIME_HOURS)
      problems.push(`You provided a lifetime (${given}) of more than ${MAX_LIFETIME_HOURS} hours.`);
    else if (limit !== null && hours >= limit)
      problems.push(`You provided a lifetime (${given}) that exceeds the configured maximum of ${limit}.`);
  }
  if (diskGiB !== undefined && !(Number.isInteger(diskGiB) && diskGiB >= 1 && diskGiB <= MAX_DISK_GIB))
    problems.push(
      `You provided a disk size (${diskText ?? diskGiB}) but you must provide a whole number of GB from 1 to ${MAX_DISK_GIB}.`,
    );
  const allowed = settings.allowedTags;
  const unknown = Object.keys(tags ?? {}).filter((tag) => allowed !== null && !allowed.includes(tag));
  if (unknown.length > 0)
    problems.push(
      `You provided unsupported tags (${unknown.join(', ')}); the allowed tags are ${allowed?.join(', ')}.`,
    );
  const long = Object.entries(tags ?? {}).filter(([tag, value]) => tag.length > MAX_TAG || value.length > MAX_TAG);
  for (const [tag] of long)
    problems.push(`You provided a tag (${tag.slice(0, 40)}) of more than ${MAX_TAG} characters.`);
  const before = Object.keys(had).length;
  const after = new Set([...Object.keys(had), ...givenOf(tags).map(([tag]) => tag)]).size;
  if (after > MAX_TAGS && after > before)
    problems.push(`You provided tags of which the VM would have ${after}; it may have ${MAX_TAGS}.`);
  return problems;
}

const givenOf = (tags: EntryWish['tags']): readonly (readonly [string, string])[] =>
  Object.entries(tags ?? {}).filter(([, value]) => value !== '');

/** The tags to be set: without empty values, and with what the settings' filters leave of each. */
export function tagsOf({ tags }: EntryWish, { tagFilters }: PoolSettings): Readonly<Record<string, string>> {
  return Object.fromEntries(
    givenOf(tags).map(([tag, value]) => {
      // A tag may be called like what every object has.
      const filter = Object.hasOwn(tagFilters, tag) ? tagFilters[tag] : undefined;
      const captures = filter === undefined ? null : filterOf(filter).exec(value);
      return [tag, captures ? captures.slice(1).join('') || value : value];
    }),
  );
}

/** One that was saved before its language was looked at is read as it was then. */
function filterOf(text: string): RegExp {
  try {
    return tagFilter(text);
  } catch (error) {
    if (error instanceof NoFilter) return new RegExp(text);
    throw error;
  }
}
