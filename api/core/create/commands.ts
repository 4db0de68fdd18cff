import { vmIdOf } from '../../../domain/name.ts';
import { bridgeOf } from '../../../domain/network.ts';
import { type Disk, mkfsProgram } from '../../../domain/volume.ts';
import type { Plan } from './plan.ts';

/** What is done on the node, in order, a line each; what comes before a clone is done once for all VMs that share the base image. */
export function commandsOf({ cmd, recipe, ingredients }: Plan): readonly string[] {
  const build = recipe ? [...recipe.disks.flatMap(diskCommands), call('build', [], recipe.args)] : [];
  return [
    ...build,
    ...cmd.disks.flatMap(diskCommands),
    ...(cmd.install ? [call('install', [`vm_name="${cmd.name}"`, `vm_id=${vmIdOf(cmd.name)}`], ingredients.args)] : []),
    ...(cmd.define ? defineCommands(cmd) : []),
    ...(cmd.start ? [`virsh start ${cmd.name}`] : []),
  ];
}

function call(entry: string, given: readonly string[], args: Readonly<Record<string, string>>): string {
  const own = Object.entries(args).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${entry}(${[...given, 'temporary_directory', 'disks', 'networks', ...own].join(', ')})`;
}

function diskCommands(disk: Disk): readonly string[] {
  const { pool, volume, size, fill, filesystem, filesystemArgs } = disk;
  if (fill.kind === 'clone') return [`clone volume ${pool}/${fill.source} to ${pool}/${volume}`];
  return [
    `create volume ${pool}/${volume} of ${size} MiB`,
    ...(filesystem === null ? [] : [[mkfsProgram(filesystem), ...filesystemArgs, `${pool}/${volume}`].join(' ')]),
  ];
}

const defineCommands = ({ nics, name, seed }: Plan['cmd']): readonly string[] => [
  ...nics.map(({ mac, ip, vni }) => `lease ${mac} ${ip ?? '(no address of ours)'} on ${bridgeOf(vni)}`),
  ...(seed === 'nocloud' ? ['write NoCloud seed image'] : []),
  `virsh define ${name}.xml`,
];
