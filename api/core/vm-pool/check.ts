import { invalid } from '../../../domain/fault.ts';
import { splitArgument } from '../../../domain/profile.ts';
import { MAX_CLONES, MAX_LIFETIME_HOURS, MAX_MINUTES, POOL_NAME, type VmPoolWish } from '../../../domain/vm-pool.ts';
import type { Db } from '../../../store/open.ts';
import { findProfile } from '../../../store/profile.ts';

/** VMs that a pool keeps ready at the most. */
export const MAX_POOL_SIZE = 10_000;

/** Keys of answers beside the names of pools. */
const RESERVED = ['ok', 'domain', 'request_id', 'ready', 'message'];

/** Limits of the numbers, each with its lowest value. */
const NUMBERS = {
  timeoutMin: [1, MAX_MINUTES],
  readyTtlMin: [0, MAX_MINUTES],
  maxClones: [1, MAX_CLONES],
  lifetimeHours: [1, MAX_LIFETIME_HOURS],
  maxLifetimeHours: [1, MAX_LIFETIME_HOURS],
  probePort: [1, 65_535],
} as const satisfies Partial<Record<keyof VmPoolWish, readonly [number, number]>>;

/** 'invalid' with the field for a pool that cannot be, or whose profile is not there. */
export async function checkPool(db: Db, wish: VmPoolWish): Promise<void> {
  for (const [field, names] of [
    ['name', [wish.name]],
    ['aliases', wish.aliases],
  ] as const)
    for (const name of names) {
      if (!POOL_NAME.test(name)) throw invalid(field, `'${name}' is not made of letters, digits and _.- only.`);
      if (RESERVED.includes(name)) throw invalid(field, `'${name}' means something else in answers.`);
    }
  if (!Number.isInteger(wish.size) || wish.size < 0 || wish.size > MAX_POOL_SIZE)
    throw invalid('size', `must be a whole number from 0 to ${MAX_POOL_SIZE}.`);
  if (wish.template === '') throw invalid('template', 'is missing.');
  for (const [field, [least, most]] of Object.entries(NUMBERS)) {
    const value = wish[field as keyof typeof NUMBERS];
    if (value !== null && !(Number.isInteger(value) && value >= least && value <= most))
      throw invalid(field, `must be a whole number from ${least} to ${most}.`);
  }
  const bad = wish.args.find((arg) => splitArgument(arg) === null);
  if (bad !== undefined) throw invalid('args', `'${bad}' is not like name=value.`);
  if (!(await findProfile(db, wish.profile))) throw invalid('profile', `there is no profile '${wish.profile}'.`);
}
