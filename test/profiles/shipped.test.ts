import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { profileFileSchema } from '../../api/dialects/pvc/profile-document.ts';
import { shippedProfiles } from '../../cli/process/first-start.ts';
import { checkProfile } from '../../cli/profile/check.ts';
import { readProfile, writeProfile } from '../../cli/profile/directory.ts';

const PROFILES = new URL('../../profiles/', import.meta.url).pathname;

it('come with the schema that profiles are checked by', async () => {
  const schema = { title: 'profile.yaml of Slipway', ...profileFileSchema() };
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(join(PROFILES, 'profile.schema.json'));
});

it('are the three', () => {
  expect(shippedProfiles().map((dir) => dir.slice(PROFILES.length))).toEqual(['cloud-image', 'debian-12', 'empty']);
});

it.each(['cloud-image', 'debian-12', 'empty'])(
  '%s is well-formed, named after its directory, and known to editors',
  async (name) => {
    const dir = join(PROFILES, name);
    const { document, mistakes } = await checkProfile(dir);
    expect(mistakes).toEqual([]);
    expect(document?.name).toBe(name);
    expect(readFileSync(join(dir, 'profile.yaml'), 'utf8')).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/profile\.schema\.json\n/,
    );
  },
);

it.each(['cloud-image', 'debian-12', 'empty'])('%s reads back the same from what an export writes', (name) => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-profile-'));
  try {
    const document = readProfile(join(PROFILES, name));
    writeProfile(dir, document);
    expect(readProfile(dir)).toEqual(document);
    expect(readdirSync(dir).sort()).toEqual(['profile.schema.json', 'profile.yaml', 'script.py', 'userdata.yaml']);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
