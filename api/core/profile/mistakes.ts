import { DomainError } from '../../../domain/fault.ts';
import { macFromTemplate } from '../../../domain/mac.ts';
import { RESERVED_ARGUMENTS } from '../../../domain/name.ts';
import { scriptFunctions, splitArgument } from '../../../domain/profile.ts';
import { WAITS } from '../../../domain/vm.ts';
import { type Mistake, partNameMistakes } from '../template/check.ts';
import { diskMistakes, togetherMistakes } from '../template/storage.ts';
import { systemMistakes } from '../template/system.ts';
import type { ProfileDocument } from './document.ts';
import { toDisk, toSystem } from './templates.ts';

type System = ProfileDocument['system'];
type Disk = NonNullable<ProfileDocument['disks']>[number];

/** A document without what has been refused already. */
export type ProfileDraft = Loose<Omit<ProfileDocument, 'system' | 'disks'>> & {
  readonly system?: Loose<System> | undefined;
  readonly disks?: readonly Loose<Disk>[] | undefined;
};
type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Keys of the document, by what the rules call them. */
const KEYS: Readonly<Record<string, string>> = {
  vram: 'memoryMiB',
  vnc_bind: 'vncBind',
  node_limit: 'nodeLimit',
  node_selector: 'nodeSelector',
  mac_template: 'macTemplate',
  disk_id: 'id',
  disk_size: 'sizeGiB',
  filesystem_arg: 'filesystemArgs',
  source_volume: 'sourceVolume',
};

// What a draft does not say is not wrong with it.
const SYSTEM: System = { vcpus: 1, memoryMiB: 1024 };
const DISK: Disk = { id: 'sda', pool: 'any' };

/**
 * Everything in the document that would be refused whatever the store holds, by the document's own keys.
 * `isOpen`: whether a key that the draft does not have may have been meant: nothing is said to lack it.
 */
export function profileMistakes(
  draft: ProfileDraft,
  isOpen: (key: string) => boolean = () => false,
): readonly Mistake[] {
  const { name, system, disks = [], macTemplate, script, scriptName, wait } = draft;
  const mistakes: readonly Mistake[] = [
    ...(name === undefined ? [] : partNameMistakes(name)),
    ...inWords('system.', systemMistakes(toSystem({ ...SYSTEM, ...(system as Partial<System>) }))),
    ...inWords('', macTemplate === undefined ? [] : macMistakes(macTemplate)),
    ...disks.flatMap((disk, index) =>
      inWords(`disks.${index}.`, diskMistakes(toDisk({ ...DISK, ...(disk as Partial<Disk>) }))),
    ),
    ...[...togetherMistakes(disks.map(({ id = null, mountpoint = null }) => ({ diskId: id, mountpoint })))].map(
      ({ why }) => ({ field: 'disks', why }),
    ),
    ...Object.keys(draft.arguments ?? {}).flatMap(argumentMistakes),
    ...(script === undefined ? [] : scriptMistakes(script)),
    ...(scriptName === undefined ? [] : scriptNameMistakes(scriptName, script)),
    ...waitMistakes(wait, system?.serial),
  ];
  return mistakes.filter(({ lacks }) => !lacks?.some(isOpen));
}

/** As its author would say it; `place` is where in the document the fields are. */
function inWords(place: string, mistakes: Iterable<Mistake>): readonly Mistake[] {
  const key = (field: string): string => KEYS[field] ?? field;
  return [...mistakes].map(({ field, why, lacks }) => ({
    field: place + key(field),
    // What stands in quotes is the author's.
    why: why.replace(/'[^']*'|\w+/g, key),
    ...(lacks ? { lacks: lacks.map((name) => place + key(name)) } : {}),
  }));
}

function macMistakes(template: string): readonly Mistake[] {
  try {
    macFromTemplate(template, 0, 0);
    return [];
  } catch (error) {
    if (error instanceof DomainError && error.fault.kind === 'invalid') return [error.fault];
    throw error;
  }
}

function argumentMistakes(name: string): readonly Mistake[] {
  const field = `arguments.${name}`;
  if (splitArgument(`${name}=`)?.name !== name)
    return [{ field, why: 'an argument is called by letters, digits and _, no digit first.' }];
  return RESERVED_ARGUMENTS.includes(name)
    ? [{ field, why: 'is what Slipway itself gives every script: choose another name.' }]
    : [];
}

function scriptMistakes(text: string): readonly Mistake[] {
  const { install, build } = scriptFunctions(text);
  return install || build ? [] : [{ field: 'script', why: 'defines neither install() nor build().' }];
}

function scriptNameMistakes(name: string, script: string | undefined): readonly Mistake[] {
  const field = 'scriptName';
  if (script === undefined) return [{ field, why: 'there is no script to be called so.', lacks: ['script'] }];
  return [...partNameMistakes(name)].map(({ why }) => ({ field, why }));
}

function waitMistakes(wait: string | undefined, serial: boolean | undefined): readonly Mistake[] {
  const field = 'wait';
  if (wait !== undefined && !WAITS.some((known) => known === wait))
    return [{ field, why: `must be one of ${WAITS.join(', ')}.` }];
  return wait === 'cloud-init' && serial === false
    ? [{ field, why: 'cloud-init is seen on the serial console, which system.serial says there is none of.' }]
    : [];
}
