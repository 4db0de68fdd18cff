import { conflict, internal, notFound, unavailable } from '../../../domain/fault.ts';
import type { SnapshotId, VmId } from '../../../domain/ids.ts';
import { mustBeAttached, mustKeepSnapshots, type SnapshotDisk, type Snapshots } from './snapshots.ts';
import type { Virsh } from './virsh.ts';

/** libvirt's internal snapshots: disks and memory inside the guest's qcow2 files. */
export function libvirtSnapshots({ call, find }: Virsh): Snapshots {
  const list = async (vm: VmId): Promise<readonly SnapshotId[]> => {
    if (!(await find(vm))) return [];
    const { stdout } = await call(['snapshot-list', vm, '--name']);
    return stdout.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim() as SnapshotId]));
  };

  /** A snapshot is listed while it is being made: what is listed counts only while libvirt does nothing to the domain. */
  const settled = async (vm: VmId): Promise<readonly SnapshotId[]> => {
    if (await busy(vm)) throw unavailable(`libvirt still works for an earlier attempt on the domain ${vm}.`);
    return list(vm);
  };
  const busy = async (vm: VmId): Promise<boolean> => {
    if (!(await find(vm))?.running) return false;
    try {
      return !/^Job type:\s+None\s*$/m.test((await call(['domjobinfo', vm])).stdout);
    } catch (failure) {
      // It has gone off meanwhile, and its job with it.
      if (!(await find(vm))?.running) return false;
      throw failure;
    }
  };

  /** virsh's exit status is 1 whatever went wrong, so a failure is judged by the list afterwards. */
  const attain = async (vm: VmId, args: readonly string[], wanted: (all: readonly SnapshotId[]) => boolean) => {
    try {
      await call(args);
    } catch (failure) {
      if (!wanted(await settled(vm))) throw failure;
    }
  };

  /** libvirtd 9.0 dies of a null pointer where the snapshot has a disk that the domain has not. */
  const mustHaveItsDisks = async (vm: VmId, snapshot: SnapshotId): Promise<void> => {
    const kept = disksOf((await call(['snapshot-dumpxml', vm, snapshot])).stdout);
    const running = (await find(vm))?.running === true;
    const now = disksOf((await call(['dumpxml', vm, ...(running ? [] : ['--inactive'])])).stdout);
    mustBeAttached(vm, kept, now);
  };

  return {
    ensure: async (vm, snapshot) => {
      if ((await settled(vm)).includes(snapshot)) return;
      if (!(await find(vm))?.running) throw conflict(`The domain ${vm} does not run: there is no memory to keep.`);
      mustKeepSnapshots(vm, disksOf((await call(['dumpxml', vm])).stdout));
      await attain(vm, ['snapshot-create-as', vm, snapshot], (all) => all.includes(snapshot));
    },
    revert: async (vm, snapshot) => {
      if (!(await settled(vm)).includes(snapshot)) throw notFound('snapshot', snapshot);
      // Forced: a guest that has been given or lost a device since is started anew from the snapshot.
      await call(['snapshot-revert', vm, snapshot, '--running', '--force']);
    },
    remove: async (vm, snapshot) => {
      if (!(await settled(vm)).includes(snapshot)) return;
      await mustHaveItsDisks(vm, snapshot);
      await attain(vm, ['snapshot-delete', vm, snapshot], (all) => !all.includes(snapshot));
    },
    list,
  };
}

// Whole devices only: in a snapshot's own part, disks are otherwise described.
const DISK = /<disk [^>]*device='(\w+)'[\s\S]*?<\/disk>/g;

/** The disks of a domain's XML as libvirt writes it; floppy drives and the like are none of ours. */
export function disksOf(xml: string): readonly SnapshotDisk[] {
  return [...xml.matchAll(DISK)].map(([text]) => {
    const [diskId, format] = [/<target dev='([^']+)'/.exec(text)?.[1], /<driver [^>]*type='([^']+)'/.exec(text)?.[1]];
    if (diskId === undefined || format === undefined)
      throw internal('libvirt describes a disk without target or format.');
    return { diskId, format, readOnly: /<readonly\/>/.test(text) };
  });
}
