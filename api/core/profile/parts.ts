import { invalid } from '../../../domain/fault.ts';
import { RESERVED_ARGUMENTS } from '../../../domain/name.ts';
import { type Profile, splitArgument } from '../../../domain/profile.ts';
import { WAITS } from '../../../domain/vm.ts';
import { findNetworkTemplate } from '../../../store/network-template.ts';
import type { Db } from '../../../store/open.ts';
import type { ProfileParts } from '../../../store/profile.ts';
import { findStorageTemplate } from '../../../store/storage-template.ts';
import { findSystemTemplate } from '../../../store/system-template.ts';
import { findText } from '../../../store/text.ts';

export type NewProfile = Omit<Profile, 'id'>;

/** The row of a profile; 'invalid' naming the part that does not exist or parse. */
export async function resolveParts(db: Db, profile: Omit<NewProfile, 'name'>): Promise<Omit<ProfileParts, 'name'>> {
  const { type, wait } = profile;
  mergeArguments(profile.arguments);
  if (!WAITS.includes(wait)) throw invalid('wait', `must be one of ${WAITS.join(', ')}.`);
  const system = await findSystemTemplate(db, profile.systemTemplate);
  if (!system) throw missing('system_template', profile.systemTemplate);
  return {
    ...{ type, wait, arguments: profile.arguments },
    systemTemplateId: system.id,
    networkTemplateId: await idOf('network_template', profile.networkTemplate, (n) => findNetworkTemplate(db, n)),
    storageTemplateId: await idOf('storage_template', profile.storageTemplate, (n) => findStorageTemplate(db, n)),
    userdataId: await idOf('userdata', profile.userdata, (n) => findText(db, 'userdata', n)),
    scriptId: await idOf('script', profile.script, (n) => findText(db, 'script', n)),
  };
}

/** Later lists override earlier ones; 'invalid' for what is not `name=value` or is given by the platform. */
export function mergeArguments(...lists: readonly (readonly string[])[]): Readonly<Record<string, string>> {
  const merged = new Map<string, string>();
  for (const text of lists.flat()) {
    const arg = splitArgument(text);
    if (!arg)
      throw invalid(
        'arg',
        `'${text.split('=')[0]}' is not name=value, whose name is of letters, digits and _, no digit first.`,
      );
    if (RESERVED_ARGUMENTS.includes(arg.name))
      throw invalid('arg', `'${arg.name}' is what Slipway itself gives every script: choose another name.`);
    merged.set(arg.name, arg.value);
  }
  return Object.fromEntries(merged);
}

async function idOf(
  field: string,
  name: string | null,
  find: (name: string) => Promise<{ readonly id: number } | undefined>,
): Promise<number | null> {
  if (name === null) return null;
  const found = await find(name);
  if (!found) throw missing(field, name);
  return found.id;
}

/** 'invalid': a profile names a part that there is not. */
export const missing = (part: string, name: string) =>
  invalid(part, `there is no ${part.replace('_', ' ')} '${name}'.`);
