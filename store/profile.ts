import { eq, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import type { Profile } from '../domain/profile.ts';
import { hot } from './hot.ts';
import { nameLike } from './like.ts';
import type { Db } from './open.ts';
import { profiles } from './schema/profile.ts';
import { networkTemplates, storageTemplates, systemTemplates, texts } from './schema/template.ts';

export type ProfileRow = Profile & { readonly description: string };

const userdata = alias(texts, 'userdata');
const script = alias(texts, 'script');

const select = (db: Db, where: SQL | undefined) =>
  db
    .select({
      id: profiles.id,
      name: profiles.name,
      type: profiles.type,
      description: profiles.description,
      systemTemplate: systemTemplates.name,
      networkTemplate: networkTemplates.name,
      storageTemplate: storageTemplates.name,
      userdata: userdata.name,
      script: script.name,
      arguments: profiles.arguments,
      wait: profiles.wait,
    })
    .from(profiles)
    .innerJoin(systemTemplates, eq(systemTemplates.id, profiles.systemTemplateId))
    .leftJoin(networkTemplates, eq(networkTemplates.id, profiles.networkTemplateId))
    .leftJoin(storageTemplates, eq(storageTemplates.id, profiles.storageTemplateId))
    .leftJoin(userdata, eq(userdata.id, profiles.userdataId))
    .leftJoin(script, eq(script.id, profiles.scriptId))
    .where(where)
    .orderBy(profiles.name);

export const listProfiles = async (db: Db, limit?: string): Promise<readonly ProfileRow[]> =>
  select(db, nameLike(profiles.name, limit));

const byName = hot((db) => select(db, eq(profiles.name, sql.placeholder('name'))).prepare());

export const findProfile = async (db: Db, name: string): Promise<ProfileRow | undefined> => byName(db).get({ name });

/** What a profile refers to, by id. */
export type ProfileParts = Omit<typeof profiles.$inferInsert, 'id'>;

export async function insertProfile(tx: Db, row: ProfileParts): Promise<void> {
  await tx.insert(profiles).values(row);
}

export async function updateProfile(tx: Db, id: number, change: Partial<ProfileParts>): Promise<void> {
  if (Object.keys(change).length > 0) await tx.update(profiles).set(change).where(eq(profiles.id, id));
}

export async function deleteProfile(tx: Db, id: number): Promise<void> {
  await tx.delete(profiles).where(eq(profiles.id, id));
}

const PART = {
  system: profiles.systemTemplateId,
  network: profiles.networkTemplateId,
  storage: profiles.storageTemplateId,
  userdata: profiles.userdataId,
  script: profiles.scriptId,
} as const;

/** Names of the profiles that use this part. */
export async function profilesUsing(db: Db, part: keyof typeof PART, id: number): Promise<readonly string[]> {
  const rows = await db.select({ name: profiles.name }).from(profiles).where(eq(PART[part], id)).orderBy(profiles.name);
  return rows.map((row) => row.name);
}
