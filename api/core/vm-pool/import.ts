import { invalid } from '../../../domain/fault.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { PoolSettings, VmPoolWish } from '../../../domain/vm-pool.ts';
import type { Db, Store } from '../../../store/open.ts';
import { findProfile, listProfiles } from '../../../store/profile.ts';
import { findPool, insertPool, poolSettings } from '../../../store/vm-pool.ts';
import { mustAdminister } from '../authorize.ts';
import { checkPool } from './check.ts';
import { type ImportedPool, readPoolFile } from './import-file.ts';
import { keepSettings, update } from './pool.ts';
import type { WakePool } from './wake.ts';

/** What an import has done, pool by pool. */
export interface ImportReport {
  readonly pools: readonly {
    readonly name: string;
    readonly done: 'created' | 'changed' | 'unchanged';
    readonly profile: string;
    /** How the profile was found. */
    readonly because: string;
  }[];
  /** Keys of the file that mean nothing here. */
  readonly ignored: readonly string[];
}

export interface ImportService {
  /** Makes pools and settings what a vmpooler.yaml says, all of it or nothing; pools that it does not name stay as they are. */
  import(who: Principal, text: string): Promise<ImportReport>;
}

export function importService({ store, wake }: { readonly store: Store; readonly wake: WakePool }): ImportService {
  return {
    import: async (who, text) => {
      mustAdminister(who);
      const { settings: given, pools, ignored } = readPoolFile(text);
      const twice = pools.find(({ name }, index) => pools.findIndex((other) => other.name === name) !== index);
      if (twice) throw invalid('pools', `'${twice.name}' is there twice.`);
      const report = await store.write(async (tx) => {
        const settings = { ...(await poolSettings(tx)), ...given };
        const { defaultProfile } = given;
        if (defaultProfile !== undefined && !(await findProfile(tx, defaultProfile)))
          throw invalid('config.default_profile', `there is no profile '${defaultProfile}'.`);
        await keepSettings(tx, settings);
        const done = [];
        for (const pool of pools) done.push(await take(tx, pool, settings));
        return { pools: done, ignored };
      });
      for (const { name } of report.pools) wake(name);
      return report;
    },
  };
}

async function take(tx: Db, pool: ImportedPool, settings: PoolSettings): Promise<ImportReport['pools'][number]> {
  const { name } = pool;
  const { profile, because } = await profileOf(tx, pool, settings);
  const wish: VmPoolWish = {
    ...{ name, profile, template: pool.template ?? profile, args: pool.arguments ?? [], size: pool.size },
    aliases: pool.alias ?? [],
    cloneTarget: pool.clone_target ?? null,
    timeoutMin: pool.timeout ?? null,
    readyTtlMin: pool.ready_ttl ?? null,
    maxClones: pool.max_clones ?? null,
    lifetimeHours: pool.lifetime ?? null,
    maxLifetimeHours: pool.max_lifetime ?? null,
    probePort: pool.probe_port ?? null,
  };
  await named(name, () => checkPool(tx, wish));
  const known = await findPool(tx, name);
  if (!known) {
    await insertPool(tx, wish);
    return { name, profile, because, done: 'created' };
  }
  const same = (Object.keys(wish) as (keyof VmPoolWish)[]).every(
    (key) => JSON.stringify(wish[key]) === JSON.stringify(known[key]),
  );
  const { name: _, ...change } = wish;
  if (!same) await update(tx, name, change);
  return { name, profile, because, done: same ? 'unchanged' : 'changed' };
}

/** The profile that a pool's VMs are made from, and why that one. */
async function profileOf(tx: Db, pool: ImportedPool, { defaultProfile }: PoolSettings) {
  if (pool.profile !== undefined) return { profile: pool.profile, because: 'its key profile' };
  const { template = '' } = pool;
  for (const name of [template, template.split('/').at(-1) ?? ''])
    if (name !== '' && (await findProfile(tx, name))) return { profile: name, because: `its template ${template}` };
  if (await findProfile(tx, defaultProfile)) return { profile: defaultProfile, because: 'the default profile' };
  const known = (await listProfiles(tx)).map(({ name }) => name).join(', ');
  throw invalid(`pools.${pool.name}.profile`, `names none of the profiles (${known}), and there is no default one.`);
}

/** Keys of the file whose names here are others. */
const KEYS: Readonly<Record<string, string>> = {
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

/** Refusals say which pool and key of the file they are about. */
async function named(name: string, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    const fault = (error as { fault?: { kind: string; field: string; why: string } }).fault;
    throw fault?.kind === 'invalid' ? invalid(`pools.${name}.${KEYS[fault.field] ?? fault.field}`, fault.why) : error;
  });
}
