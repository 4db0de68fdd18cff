import { z } from 'zod';
import type { Api } from '../client/api.ts';
import { part } from '../client/part.ts';

/** Where the API has the parts of profiles, by the key that names them in one. */
const PARTS = {
  system_template: '/provisioner/template/system',
  network_template: '/provisioner/template/network',
  storage_template: '/provisioner/template/storage',
  script: '/provisioner/script',
  userdata: '/provisioner/userdata',
} as const;
const KEYS = Object.keys(PARTS) as readonly (keyof typeof PARTS)[];

const Profile = z.looseObject({
  name: z.string(),
  ...Object.fromEntries(KEYS.map((key) => [key, z.string().nullish()])),
});

/** Removes a profile, and then those of its parts that no other is made from; returns the paths of these. The API refuses a profile that is not there. */
export async function removeWithParts(api: Api, name: string): Promise<readonly string[]> {
  const profiles = z.array(Profile).parse(await api.get('/provisioner/profile'));
  const named = (profile: z.infer<typeof Profile>): readonly string[] =>
    KEYS.flatMap((key) => (profile[key] ? [`${PARTS[key]}/${part(String(profile[key]))}`] : []));
  const used = new Set(profiles.filter((profile) => profile.name !== name).flatMap(named));
  const unused = profiles
    .filter((profile) => profile.name === name)
    .flatMap(named)
    .filter((path) => !used.has(path));
  await api.delete(`/provisioner/profile/${part(name)}`);
  for (const path of unused) await api.delete(path);
  return unused;
}
