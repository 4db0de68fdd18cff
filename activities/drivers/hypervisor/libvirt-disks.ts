import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { conflict, notFound, unavailable } from '../../../domain/fault.ts';
import type { VmId } from '../../../domain/ids.ts';
import type { DomainSpec } from '../../../domain/plan.ts';
import { diskXml } from './domain-xml.ts';
import type { Virsh } from './virsh.ts';

type Disk = DomainSpec['disks'][number];

/** Where a disk is: in the guest that runs, in what the domain starts with. */
type Where = '--live' | '--config';

interface Places {
  /** Where a disk is described to virsh for the moment. */
  readonly xmlFile: (vm: VmId, diskId: string) => string;
  /** Lets QEMU's user get to these files. */
  readonly letPass: (files: readonly string[]) => Promise<void>;
}

/** Disks of domains that are there already, running or not. */
export function libvirtDisks({ call, find }: Virsh, { xmlFile, letPass }: Places) {
  /** Sources by disk id. */
  const attached = async (vm: VmId, where: Where): Promise<ReadonlyMap<string, string>> => {
    const { stdout } = await call(['domblklist', vm, ...(where === '--config' ? ['--inactive'] : [])]);
    const rows = stdout.split('\n').flatMap((line) => [...line.matchAll(/^\s*(\S+)\s+(.+?)\s*$/g)]);
    return new Map(rows.map(([, diskId = '', source = '']) => [diskId, source]));
  };
  /** Both places, if the domain runs; null without a domain. */
  const places = async (vm: VmId): Promise<readonly Where[] | null> => {
    const domain = await find(vm);
    if (domain === undefined) return null;
    return domain.running ? ['--config', '--live'] : ['--config'];
  };
  const attach = async (vm: VmId, disk: Disk, place: Where): Promise<void> => {
    const file = xmlFile(vm, disk.diskId);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, diskXml(disk));
    try {
      await call(['attach-device', vm, file, place]);
    } finally {
      await rm(file, { force: true });
    }
  };
  const xmlOf = async (vm: VmId): Promise<string> => (await call(['dumpxml', vm, '--inactive'])).stdout;

  return {
    /** 'conflict' naming a disk of the domain whose file is gone: that is so at the next attempt, too. */
    mustBeThere: async (vm: VmId): Promise<void> => {
      for (const [diskId, source] of await attached(vm, '--config'))
        if (source.startsWith('/') && !existsSync(source))
          throw conflict(`The disk ${diskId} of the domain ${vm} is gone: there is no ${source}.`);
    },
    attachDisk: async (vm: VmId, disk: Disk): Promise<string> => {
      const where = await places(vm);
      if (where === null) throw notFound('domain', vm);
      if (disk.source.type === 'file') await letPass([disk.source.path]);
      for (const place of where) {
        const there = (await attached(vm, place)).get(disk.diskId);
        if (there !== undefined && there !== sourceOf(disk))
          throw conflict(`The domain ${vm} has another ${disk.diskId}.`);
        if (there === undefined) await attach(vm, disk, place);
      }
      return xmlOf(vm);
    },
    detachDisk: async (vm: VmId, diskId: string): Promise<string | null> => {
      const where = await places(vm);
      if (where === null) return null;
      for (const place of where) {
        if (!(await attached(vm, place)).has(diskId)) continue;
        await call(['detach-disk', vm, diskId, place]);
        // A guest may be asked only: virsh waits for it some seconds, and succeeds without.
        if ((await attached(vm, place)).has(diskId))
          throw unavailable(`The guest does not let go of its disk ${diskId}.`);
      }
      return xmlOf(vm);
    },
  };
}

/** As virsh shows it. */
const sourceOf = ({ source }: Disk): string =>
  source.type === 'file' ? source.path : `${source.pool}/${source.image}`;
