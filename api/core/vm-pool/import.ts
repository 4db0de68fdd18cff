import { type Mistake, refuse } from '../../../domain/fault.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { PoolSettings, VmPoolWish } from '../../../domain/vm-pool.ts';
import type { Db, Store } from '../../../store/open.ts';
import { findProfile, listProfiles } from '../../../store/profile.ts';
import { findPool, poolSettings } from '../../../store/vm-pool.ts';
import { mustAdminister } from '../authorize.ts';
import { poolMistakes } from './check.ts';
import { type ImportedFile, type ImportedPool, readPoolFile } from './import-file.ts';
import { begin, keepSettings, settingMistakes, update } from './pool.ts';
import { settingKey } from './setting-keys.ts';
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
  /** Settings of all pools that the file has, by their keys. */
  readonly settings: readonly string[];
  /** Keys of the file that mean nothing here. */
  readonly ignored: readonly string[];
}

export interface ImportService {
  /**
   * Makes pools and settings what a vmpooler.yaml says, all of it or nothing; pools that it does not name stay as they are.
   * 'invalid' with every mistake of the file, each by its pool and key.
   */
  import(who: Principal, text: string): Promise<ImportReport>;
}

export function importService({ store, wake }: { readonly store: Store; readonly wake: WakePool }): ImportService {
  return {
    import: async (who, text) => {
      mustAdminister(who);
      const file = readPoolFile(text);
      const { report, changed } = await store.write(async (tx) => {
        const settings = { ...(await poolSettings(tx)), ...file.settings };
        const found: Found[] = [];
        for (const pool of file.pools) found.push(await find(tx, pool, settings));
        await mustBeRight(tx, file, found);
        const changed = await keepSettings(tx, settings);
        const pools: ImportReport['pools'][number][] = [];
        for (const one of found) pools.push(await take(tx, one));
        const report = { pools, settings: Object.keys(file.settings).map(settingKey), ignored: file.ignored };
        return { report, changed };
      });
      for (const name of new Set([...changed, ...report.pools.map(({ name }) => name)])) wake(name);
      return report;
    },
  };
}

/** A pool of the file as it is to be, how its profile was found, and what is wrong with it beside what cannot be read. */
interface Found {
  readonly wish: VmPoolWish;
  readonly because: string;
  readonly mistakes: readonly Mistake[];
}

async function mustBeRight(tx: Db, file: ImportedFile, found: readonly Found[]): Promise<void> {
  const names = file.pools.flatMap(({ keys: { name } }) => (name === undefined ? [] : [name]));
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  refuse([
    ...file.mistakes,
    ...(await settingMistakes(tx, file.settings)).map(({ field, why }) => ({ field: `config.${field}`, why })),
    ...[...twice].map((name) => ({ field: `pools.${name}.name`, why: 'is there twice.' })),
    ...found.flatMap(({ mistakes }) => mistakes),
  ]);
}

async function find(tx: Db, { where, keys, unread }: ImportedPool, settings: PoolSettings): Promise<Found> {
  const found = await profileOf(tx, keys, settings);
  const profile = found?.profile ?? 'none';
  const wish: VmPoolWish = {
    // What cannot be read is said already: these will do to look at the rest.
    ...{ name: keys.name ?? 'unnamed', size: keys.size ?? 0 },
    ...{ profile, template: keys.template ?? profile, args: keys.arguments ?? [], aliases: keys.alias ?? [] },
    cloneTarget: keys.clone_target ?? null,
    timeoutMin: keys.timeout ?? null,
    readyTtlMin: keys.ready_ttl ?? null,
    maxClones: keys.max_clones ?? null,
    lifetimeHours: keys.lifetime ?? null,
    maxLifetimeHours: keys.max_lifetime ?? null,
    probePort: keys.probe_port ?? null,
  };
  const mistakes = (await poolMistakes(tx, wish)).filter(({ field }) => field !== 'profile' || found !== undefined);
  if (found === undefined) mistakes.push(await noProfile(tx));
  return {
    ...{ wish, because: found?.because ?? '' },
    mistakes: mistakes
      .filter(({ field }) => !unread.includes(field))
      .map(({ field, why }) => ({ field: `${where}.${field}`, why })),
  };
}

async function take(tx: Db, { wish, because }: Found): Promise<ImportReport['pools'][number]> {
  const { name, ...change } = wish;
  const { profile } = wish;
  const known = await findPool(tx, name);
  if (!known) {
    await begin(tx, wish);
    return { name, profile, because, done: 'created' };
  }
  const same = (Object.keys(wish) as (keyof VmPoolWish)[]).every(
    (key) => JSON.stringify(wish[key]) === JSON.stringify(known[key]),
  );
  if (!same) await update(tx, name, change);
  return { name, profile, because, done: same ? 'unchanged' : 'changed' };
}

/** The profile that a pool's VMs are made from, and why that one; undefined where there is none to be found. */
async function profileOf(tx: Db, keys: ImportedPool['keys'], { defaultProfile }: PoolSettings) {
  if (keys.profile !== undefined) return { profile: keys.profile, because: 'its key profile' };
  const { template = '' } = keys;
  for (const name of [template, template.split('/').at(-1) ?? ''])
    if (name !== '' && (await findProfile(tx, name))) return { profile: name, because: `its template ${template}` };
  if (await findProfile(tx, defaultProfile)) return { profile: defaultProfile, because: 'the default profile' };
  return undefined;
}

async function noProfile(tx: Db): Promise<Mistake> {
  const known = (await listProfiles(tx)).map(({ name }) => name).join(', ');
  return { field: 'profile', why: `names none of the profiles (${known}), and there is no default one.` };
}
