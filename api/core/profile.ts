import { conflict } from '../../domain/fault.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Profile } from '../../domain/profile.ts';
import type { Db, Store } from '../../store/open.ts';
import {
  deleteProfile,
  findProfile,
  insertProfile,
  listProfiles,
  type ProfileRow,
  updateProfile,
} from '../../store/profile.ts';
import { listPools } from '../../store/vm-pool.ts';
import { mustAdminister } from './authorize.ts';
import { something } from './change.ts';
import type { NameLimit } from './name-limit.ts';
import { applyDocument, exportDocument } from './profile/apply.ts';
import type { ProfileDocument } from './profile/document.ts';
import { type NewProfile, resolveParts } from './profile/parts.ts';
import { checkPartName, mustBeNew, mustExist } from './template/check.ts';

/** `create` and `update` throw 'invalid' naming the part (template, script, user-data, argument) that does not exist or parse. */
export interface ProfileService {
  list(who: Principal, limit?: NameLimit): Promise<readonly Profile[]>;
  get(who: Principal, name: string): Promise<Profile>;
  create(who: Principal, profile: NewProfile): Promise<void>;
  update(who: Principal, name: string, change: Partial<Omit<NewProfile, 'name'>>): Promise<void>;
  /** 'conflict' naming the VM pools that are made from it. */
  remove(who: Principal, name: string): Promise<void>;
  /** Makes the profile with all its parts what the document says, in one transaction; parts are named after the profile. */
  apply(who: Principal, document: ProfileDocument): Promise<void>;
  export(who: Principal, name: string): Promise<ProfileDocument>;
}

/** Profiles: everybody may read them, administrators change them. */
export function profileService(store: Store): ProfileService {
  const get = async (db: Db, name: string) => mustExist('profile', name, await findProfile(db, name));
  return {
    list: async (_who, limit) => (await listProfiles(store.read, limit)).map(toProfile),
    get: async (_who, name) => toProfile(await get(store.read, name)),
    create: async (who, profile) => {
      mustAdminister(who);
      checkPartName(profile.name);
      await store.write(async (tx) => {
        mustBeNew('profile', profile.name, await findProfile(tx, profile.name));
        await insertProfile(tx, { name: profile.name, ...(await resolveParts(tx, profile)) });
      });
    },
    update: async (who, name, change) => {
      mustAdminister(who);
      await store.write(async (tx) => {
        const known = await get(tx, name);
        await updateProfile(tx, known.id, await resolveParts(tx, { ...known, ...something(change) }));
      });
    },
    remove: async (who, name) => {
      mustAdminister(who);
      await store.write(async (tx) => {
        const { id } = await get(tx, name);
        const pools = (await listPools(tx)).filter(({ profile }) => profile === name);
        if (pools.length > 0)
          throw conflict(`Profile '${name}' is used by VM pools: ${pools.map((pool) => pool.name).join(', ')}.`);
        await deleteProfile(tx, id);
      });
    },
    apply: async (who, document) => {
      mustAdminister(who);
      await store.write((tx) => applyDocument(tx, document));
    },
    export: async (_who, name) => exportDocument(store.read, await get(store.read, name)),
  };
}

function toProfile({ description: _, ...profile }: ProfileRow): Profile {
  return profile;
}
