import { type Mistake, refuse } from '../../../domain/fault.ts';
import { splitArgument } from '../../../domain/profile.ts';
import { POOL_LIMITS, POOL_NAME, type VmPoolWish } from '../../../domain/vm-pool.ts';
import type { Db } from '../../../store/open.ts';
import { findProfile } from '../../../store/profile.ts';

/** Keys of answers beside the names of pools. */
const RESERVED = ['ok', 'domain', 'request_id', 'ready', 'message'];

/** What people call fields, where that is something else. */
const WORDS: Readonly<Partial<Record<keyof VmPoolWish, string>>> = {
  args: 'arguments',
  aliases: 'alias',
  cloneTarget: 'clone_target',
  timeoutMin: 'timeout',
  readyTtlMin: 'ready_ttl',
  maxClones: 'max_clones',
  lifetimeHours: 'lifetime',
  maxLifetimeHours: 'max_lifetime',
  probePort: 'probe_port',
};

/** 'invalid' with every field at fault for a pool that cannot be, or whose profile is not there. */
export async function checkPool(db: Db, wish: VmPoolWish): Promise<void> {
  refuse(await poolMistakes(db, wish));
}

/** Why there cannot be such a pool, by the fields as people call them. */
export async function poolMistakes(db: Db, wish: VmPoolWish): Promise<readonly Mistake[]> {
  const { template, args, profile, lifetimeHours, maxLifetimeHours } = wish;
  const mistakes: Mistake[] = [];
  const say = (field: keyof VmPoolWish, why: string): void => void mistakes.push({ field: WORDS[field] ?? field, why });
  for (const why of nameMistakes([wish.name])) say('name', why);
  for (const why of nameMistakes(wish.aliases)) say('aliases', why);
  if (template === '') say('template', 'is missing.');
  for (const key of ['template', 'cloneTarget'] as const)
    if (/\p{Cc}/u.test(wish[key] ?? '')) say(key, 'must not have control characters.');
  for (const [key, [least, most]] of Object.entries(POOL_LIMITS)) {
    const field = key as keyof typeof POOL_LIMITS;
    const value = wish[field];
    if (value !== null && !(Number.isInteger(value) && value >= least && value <= most))
      say(field, `must be a whole number from ${least} to ${most}.`);
  }
  if (lifetimeHours !== null && maxLifetimeHours !== null && lifetimeHours > maxLifetimeHours)
    say('lifetimeHours', `must not be above ${maxLifetimeHours}, the most that this pool allows.`);
  for (const arg of args) if (splitArgument(arg) === null) say('args', `'${arg}' is not like name=value.`);
  if (!(await findProfile(db, profile))) say('profile', `there is no profile '${profile}'.`);
  return mistakes;
}

const nameMistakes = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) => {
    if (!POOL_NAME.test(name)) return [`'${name}' is not made of letters, digits and _.- only.`];
    return RESERVED.includes(name) ? [`'${name}' means something else in answers.`] : [];
  });
