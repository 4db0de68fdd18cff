import { invalid, refuse } from '../../../domain/fault.ts';
import type { Vni } from '../../../domain/ids.ts';
import { splitArgument, withoutMark } from '../../../domain/profile.ts';
import type { WaitFor } from '../../../domain/vm.ts';
import {
  deleteNets,
  findNetworkTemplate,
  insertNet,
  insertNetworkTemplate,
  updateNetworkTemplate,
} from '../../../store/network-template.ts';
import type { Db } from '../../../store/open.ts';
import { findProfile, insertProfile, type ProfileRow, profilesUsing, updateProfile } from '../../../store/profile.ts';
import {
  deleteDisks,
  findStorageTemplate,
  insertDisk,
  insertStorageTemplate,
} from '../../../store/storage-template.ts';
import { findSystemTemplate, insertSystemTemplate, updateSystemTemplate } from '../../../store/system-template.ts';
import { findText, insertText, updateText } from '../../../store/text.ts';
import { mustExist } from '../template/check.ts';
import { vniMistakes } from '../template/network.ts';
import type { TextKind } from '../template/text.ts';
import type { ProfileDocument } from './document.ts';
import { profileMistakes } from './mistakes.ts';
import { resolveParts } from './parts.ts';
import { toDisk, toSystem } from './templates.ts';

/** Makes the profile and its parts, named after it unless told, what the document says. To be called in a transaction. */
export async function applyDocument(tx: Db, given: ProfileDocument): Promise<void> {
  const document = withoutMarks(given);
  const { name } = document;
  const vnis = (document.networks ?? []) as readonly Vni[];
  refuse([...profileMistakes(document), ...(await vniMistakes(tx, vnis, 'networks'))]);
  await applySystem(tx, document);
  const profile = {
    type: 'provisioner' as const,
    systemTemplate: name,
    networkTemplate: await applyNetworks(tx, document),
    storageTemplate: await applyDisks(tx, document),
    userdata: await applyText(tx, 'userdata', name, document.userdata),
    script: await applyScript(tx, document),
    arguments: Object.entries(document.arguments ?? {}).map(([key, value]) => `${key}=${value}`),
    wait: (document.wait ?? 'running') as WaitFor,
  };
  const row = { ...(await resolveParts(tx, profile)), description: document.description ?? '' };
  const known = await findProfile(tx, name);
  if (known) await updateProfile(tx, known.id, row);
  else await insertProfile(tx, { name, ...row });
}

/** The document that makes this profile again; parts with other names, but for the script, are written as if they were its own. */
export async function exportDocument(db: Db, profile: ProfileRow): Promise<ProfileDocument> {
  const system = mustExist(
    'system template',
    profile.systemTemplate,
    await findSystemTemplate(db, profile.systemTemplate),
  );
  const network = profile.networkTemplate === null ? undefined : await findNetworkTemplate(db, profile.networkTemplate);
  const storage = profile.storageTemplate === null ? undefined : await findStorageTemplate(db, profile.storageTemplate);
  const text = async (kind: TextKind, name: string | null) =>
    name === null ? undefined : (await findText(db, kind, name))?.text;
  const args = profile.arguments.flatMap((arg) => splitArgument(arg) ?? []);
  return defined({
    name: profile.name,
    description: profile.description || undefined,
    system: defined({
      vcpus: system.vcpus,
      memoryMiB: system.memory,
      serial: system.serial,
      vnc: system.vnc,
      vncBind: system.vncBind ?? undefined,
      nodeLimit: system.nodeLimit ?? undefined,
      nodeSelector: system.nodeSelector ?? undefined,
      autostart: system.nodeAutostart,
    }),
    networks: network?.nets.map((net) => net.vni),
    macTemplate: network?.macTemplate ?? undefined,
    disks: storage?.disks.map((disk) =>
      defined({
        id: disk.diskId,
        pool: disk.pool,
        sizeGiB: disk.size === null ? undefined : disk.size / 1024,
        filesystem: disk.filesystem ?? undefined,
        filesystemArgs: disk.filesystemArgs.length > 0 ? disk.filesystemArgs : undefined,
        mountpoint: disk.mountpoint ?? undefined,
        sourceVolume: disk.sourceVolume ?? undefined,
      }),
    ),
    arguments: args.length > 0 ? Object.fromEntries(args.map(({ name, value }) => [name, value])) : undefined,
    wait: profile.wait,
    script: await text('script', profile.script),
    userdata: await text('userdata', profile.userdata),
    scriptName: profile.script === null || profile.script === profile.name ? undefined : profile.script,
  });
}

const withoutMarks = ({ script, userdata, ...rest }: ProfileDocument): ProfileDocument => ({
  ...rest,
  script: script === undefined ? undefined : withoutMark(script),
  userdata: userdata === undefined ? undefined : withoutMark(userdata),
});

async function applySystem(tx: Db, { name, system }: ProfileDocument): Promise<void> {
  const known = await findSystemTemplate(tx, name);
  const template = {
    ...toSystem(system),
    migrationMethod: known?.migrationMethod ?? null,
    migrationMaxDowntimeMs: known?.migrationMaxDowntimeMs ?? null,
  };
  if (known) await updateSystemTemplate(tx, known.id, template);
  else await insertSystemTemplate(tx, { name, ...template });
}

async function applyNetworks(tx: Db, { name, networks, macTemplate }: ProfileDocument): Promise<string | null> {
  if (networks === undefined && macTemplate === undefined) return null;
  const known = await findNetworkTemplate(tx, name);
  const id = known?.id ?? (await insertNetworkTemplate(tx, name, macTemplate ?? null));
  await updateNetworkTemplate(tx, id, macTemplate ?? null);
  await deleteNets(tx, id);
  for (const vni of networks ?? []) await insertNet(tx, id, vni as Vni);
  return name;
}

async function applyDisks(tx: Db, { name, disks }: ProfileDocument): Promise<string | null> {
  if (disks === undefined) return null;
  const id = (await findStorageTemplate(tx, name))?.id ?? (await insertStorageTemplate(tx, name));
  await deleteDisks(tx, id);
  for (const disk of disks) await insertDisk(tx, id, toDisk(disk));
  return name;
}

/** Several profiles may have one script by its name: none of them changes it for the others. */
async function applyScript(tx: Db, { name, script, scriptName = name }: ProfileDocument): Promise<string | null> {
  const known = await findText(tx, 'script', scriptName);
  if (scriptName !== name && known && known.text !== script) {
    const others = (await profilesUsing(tx, 'script', known.id)).filter((user) => user !== name);
    if (others.length > 0)
      throw invalid(
        'scriptName',
        `'${scriptName}' is another script, in use by the profiles ${others.join(', ')}: leave this key out, or choose another name.`,
      );
  }
  return applyText(tx, 'script', scriptName, script);
}

async function applyText(tx: Db, kind: TextKind, name: string, text: string | undefined): Promise<string | null> {
  if (text === undefined) return null;
  const known = await findText(tx, kind, name);
  if (known) await updateText(tx, known.id, text);
  else await insertText(tx, kind, name, text);
  return name;
}

/** Without the keys that have no value, so that what is written reads back the same. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
