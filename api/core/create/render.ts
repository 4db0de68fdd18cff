import { join } from 'node:path';
import { bridgeOf } from '../../../domain/network.ts';
import type { Disk, DiskSource } from '../../../domain/volume.ts';
import type { Db } from '../../../store/open.ts';
import { findStoragePool } from '../../../store/storage-pool.ts';
import type { Renderer } from '../parts.ts';
import { commandsOf } from './commands.ts';
import type { Plan } from './plan.ts';

/** What a VM would get. */
export interface Rendering {
  readonly xml: string;
  readonly userData: string;
  readonly metaData: string;
  readonly networkConfig: string | null;
  readonly node: string;
  readonly nics: readonly { readonly vni: number; readonly mac: string; readonly ip: string | null }[];
  readonly disks: readonly {
    readonly name: string;
    readonly pool: string;
    readonly sizeMiB: number;
    readonly filesystem: string | null;
  }[];
  /** What would be run on the node, in order, for a person to read. */
  readonly commands: readonly string[];
}

/** What the plan would come to, for a person to read. Boot files are what the script returns: they are not known before. */
export async function renderPlan(db: Db, renderer: Renderer, plan: Plan): Promise<Rendering> {
  const { cmd, guest, facts } = plan;
  const { userData, metaData, networkConfig } = renderer.seed(guest);
  const disks = [];
  for (const disk of cmd.disks) disks.push({ diskId: disk.diskId, source: await sourceOf(db, disk) });
  const { vm, name, memory, vcpus, serial, vnc } = cmd;
  const spec = {
    ...{ vm, name, memory, vcpus, serial, vnc, disks, boot: null },
    nics: cmd.nics.map(({ mac, vni }) => ({ mac, bridge: bridgeOf(vni) })),
    seed: cmd.seed === 'nocloud' ? `seeds/${vm}.iso` : null,
  };
  return {
    ...{ userData, metaData, networkConfig, node: cmd.node },
    xml: renderer.domainXml(spec, facts),
    nics: cmd.nics.map(({ vni, mac, ip }) => ({ vni, mac, ip })),
    disks: cmd.disks.map(({ name: volume, pool, size, filesystem }) => ({
      ...{ name: volume, pool, sizeMiB: size, filesystem },
    })),
    commands: commandsOf(plan),
  };
}

/** Where a pool's driver would keep the volume. */
async function sourceOf(db: Db, disk: Disk): Promise<DiskSource> {
  const pool = await findStoragePool(db, disk.pool);
  const format = pool?.driver === 'local' && disk.fill.kind === 'clone' ? 'qcow2' : 'raw';
  return { type: 'file', path: join(pool?.config.path ?? disk.pool, `${disk.volume}.${format}`), format };
}
