import { invalid, notFound } from '../../../domain/fault.ts';
import type { Network } from '../../../domain/network.ts';
import {
  type Profile,
  type StorageTemplateDisk,
  type SystemTemplate,
  scriptFunctions,
  type TextTemplate,
} from '../../../domain/profile.ts';
import { findNetwork } from '../../../store/network.ts';
import { findNetworkTemplate } from '../../../store/network-template.ts';
import type { Db } from '../../../store/open.ts';
import { findProfile } from '../../../store/profile.ts';
import { findStorageTemplate } from '../../../store/storage-template.ts';
import { findSystemTemplate } from '../../../store/system-template.ts';
import { findText } from '../../../store/text.ts';
import { mergeArguments, missing } from '../profile/parts.ts';

/** Everything that a profile says, with the request's arguments over its own. */
export interface Ingredients {
  readonly profile: Profile;
  readonly system: SystemTemplate;
  readonly macTemplate: string | null;
  /** In the order of the guest's Ethernet devices. */
  readonly networks: readonly Network[];
  readonly disks: readonly StorageTemplateDisk[];
  readonly script: TextTemplate | null;
  readonly userdata: TextTemplate | null;
  readonly args: Readonly<Record<string, string>>;
}

/** Refuses an unknown profile ('not-found'), and one whose parts or arguments are not what a VM can be made of ('invalid'). */
export async function gather(db: Db, name: string, args: readonly string[]): Promise<Ingredients> {
  const profile = await findProfile(db, name);
  if (!profile) throw notFound('profile', name);
  if (profile.type !== 'provisioner')
    throw invalid('profile', `'${name}' is of type ${profile.type}: VMs are made of those of type provisioner.`);
  const merged = mergeArguments(profile.arguments, args);
  const system = await part('system_template', profile.systemTemplate, (n) => findSystemTemplate(db, n));
  if (!system) throw invalid('system_template', `profile '${name}' has none.`);
  const network = await part('network_template', profile.networkTemplate, (n) => findNetworkTemplate(db, n));
  const storage = await part('storage_template', profile.storageTemplate, (n) => findStorageTemplate(db, n));
  const script = await part('script', profile.script, (n) => findText(db, 'script', n));
  if (script && !scriptFunctions(script.text).install && !scriptFunctions(script.text).build)
    throw invalid('script', `'${script.name}' defines neither install() nor build().`);
  const networks: Network[] = [];
  for (const net of network?.nets ?? []) networks.push(await usable(db, net.vni));
  return {
    ...{ profile, system, networks, script, args: merged },
    macTemplate: network?.macTemplate ?? null,
    disks: storage?.disks ?? [],
    userdata: await part('userdata', profile.userdata, (n) => findText(db, 'userdata', n)),
  };
}

async function part<T>(
  field: string,
  name: string | null,
  find: (name: string) => Promise<T | undefined>,
): Promise<T | null> {
  if (name === null) return null;
  const found = await find(name);
  if (found === undefined) throw missing(field, name);
  return found;
}

async function usable(db: Db, vni: Network['vni']): Promise<Network> {
  const found = await findNetwork(db, vni);
  if (!found) throw invalid('vni', `there is no network ${vni}.`);
  const { removing, ...network } = found;
  if (removing !== null) throw invalid('vni', `network ${vni} is being removed.`);
  return network;
}
