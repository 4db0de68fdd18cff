import { conflict, notFound } from '../../../domain/fault.ts';
import type { SnapshotId, VmId } from '../../../domain/ids.ts';
import type { SimDomain, SimDomains } from './sim-domains.ts';
import { mustBeAttached, mustKeepSnapshots, type SnapshotDisk, type Snapshots } from './snapshots.ts';

/** Snapshots of simulated domains, kept with them. */
export function simSnapshots({ domains, change, settleBoot }: SimDomains, effect: () => Promise<void>): Snapshots {
  const list = async (vm: VmId): Promise<readonly SnapshotId[]> =>
    Object.keys((await domains.find(vm))?.snapshots ?? {}) as SnapshotId[];
  return {
    ensure: async (vm, snapshot) => {
      await settleBoot(vm);
      const now = await domains.find(vm);
      if (now && snapshot in now.snapshots) return;
      if (!now?.running) throw conflict(`The domain ${vm} does not run: there is no memory to keep.`);
      mustKeepSnapshots(vm, disksOf(now));
      await effect();
      const { spec, xml, bootsAt } = now;
      await change(vm, { snapshots: { ...now.snapshots, [snapshot]: { spec, xml, bootsAt } } });
    },
    revert: async (vm, snapshot) => {
      const kept = (await domains.find(vm))?.snapshots[snapshot];
      if (!kept) throw notFound('snapshot', snapshot);
      await effect();
      await change(vm, { ...kept, running: true });
      await settleBoot(vm);
    },
    remove: async (vm, snapshot) => {
      const now = await domains.find(vm);
      const kept = now?.snapshots[snapshot];
      if (!now || !kept) return;
      mustBeAttached(vm, kept.spec.disks, now.spec.disks);
      await effect();
      const { [snapshot]: _, ...rest } = now.snapshots;
      await change(vm, { snapshots: rest });
    },
    list,
  };
}

const disksOf = ({ spec }: SimDomain): readonly SnapshotDisk[] =>
  spec.disks.map(({ diskId, source }) => ({
    diskId,
    format: source.type === 'file' ? source.format : 'raw',
    readOnly: false,
  }));
