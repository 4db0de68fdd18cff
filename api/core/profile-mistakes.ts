import { DomainError, invalid } from '../../domain/fault.ts';
import { macFromTemplate } from '../../domain/mac.ts';
import { scriptFunctions } from '../../domain/profile.ts';
import type { ProfileDocument } from './profile.ts';
import { toDisk, toSystem } from './profile-document.ts';
import { mergeArguments } from './profile-parts.ts';
import { checkPartName } from './template/check.ts';
import { checkDisk, checkTogether } from './template/storage.ts';
import { checkSystemTemplate } from './template/system.ts';

/** Everything in the document that would be refused whatever the store holds, one sentence each. */
export function profileMistakes(document: ProfileDocument): readonly string[] {
  const { name, system, disks = [], macTemplate, script, wait } = document;
  const args = Object.entries(document.arguments ?? {});
  const rules: readonly (() => unknown)[] = [
    () => checkPartName(name),
    () => checkSystemTemplate(toSystem(system)),
    () => macTemplate !== undefined && macFromTemplate(macTemplate, 0, 0),
    ...disks.map((disk, index) => () => at(`disks.${index}`, () => checkDisk(toDisk(disk)))),
    () => checkTogether(disks.map(({ id, mountpoint = null }) => ({ diskId: id, mountpoint }))),
    ...args.map(
      ([key, value]) =>
        () =>
          at('arguments', () => mergeArguments([`${key}=${value}`])),
    ),
    () => script !== undefined && checkScript(script),
    () => checkWait(wait, system.serial),
  ];
  return rules.flatMap(complaint);
}

function complaint(rule: () => unknown): readonly string[] {
  try {
    rule();
    return [];
  } catch (error) {
    if (error instanceof DomainError) return [error.message];
    throw error;
  }
}

/** Says where in the document it was. */
function at(place: string, rule: () => unknown): void {
  try {
    rule();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw invalid(place, error.message);
  }
}

function checkScript(text: string): void {
  const { install, build } = scriptFunctions(text);
  if (!install && !build) throw invalid('script', 'defines neither install() nor build().');
}

function checkWait(wait: string | undefined, serial: boolean | undefined): void {
  if (wait === 'cloud-init' && serial === false)
    throw invalid('wait', 'cloud-init is seen on the serial console, which system.serial says there is none of.');
}
