import { notFound } from '../../domain/fault.ts';
import type { Nic } from '../../domain/network.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Task } from '../../domain/task.ts';
import type { Vm, VmAction } from '../../domain/vm.ts';
import type { Disk } from '../../domain/volume.ts';
import { consoleTail } from '../../store/console.ts';
import { nicsOf } from '../../store/nic.ts';
import type { Db } from '../../store/open.ts';
import { snapshotsOf } from '../../store/snapshot.ts';
import { toTask } from '../../store/task.ts';
import { listVms, toVm, type VmRow } from '../../store/vm.ts';
import { toDisk, volumesOf } from '../../store/volume.ts';
import { mustAct, seenTenant } from './authorize.ts';
import { getOwnVm, getVm } from './get-vm.ts';
import { matching } from './limit.ts';
import { once } from './once.ts';
import type { CoreParts } from './parts.ts';
import { startSoon } from './start.ts';
import { beginChange, type Change } from './vm-change.ts';
import { mustBeKept } from './vm-pool/own.ts';

export interface VmDetail extends Vm {
  readonly disks: readonly Disk[];
  readonly nics: readonly Nic[];
  /** In the order of asking. */
  readonly snapshots: readonly Snapshot[];
}

export interface VmFilter {
  /** Regular expression over names, `.*` added on both sides unless it begins with '^' / ends with '$'. */
  readonly limit?: string | undefined;
  readonly node?: string | undefined;
  readonly state?: readonly Vm['state'][] | undefined;
}

/** Here as in every service, the same request with the same key gives the task that it began before; another request with it is 'conflict'. */
export interface VmService {
  list(who: Principal, filter?: VmFilter): Promise<readonly VmDetail[]>;
  /** By name or UUID. */
  get(who: Principal, ref: string): Promise<VmDetail>;
  /** Starts the change, also of a VM that is so already. 'conflict' while another change runs, unless that asks for the same: then its task. */
  act(who: Principal, ref: string, action: Exclude<VmAction, 'create' | 'delete'>, key?: string | null): Promise<Task>;
  remove(who: Principal, ref: string, deleteDisks: boolean, key?: string | null): Promise<Task>;
  console(who: Principal, ref: string, lines: number): Promise<string>;
}

/** VMs of the asker's tenant; those of all tenants for administrators. */
export function vmService(parts: Pick<CoreParts, 'store' | 'jobs' | 'log' | 'settings'>): VmService {
  const { store } = parts;
  const change = async (
    who: Principal,
    ref: string,
    { action, deleteDisks = false }: { readonly action: Change; readonly deleteDisks?: boolean },
    key: string | null,
  ): Promise<Task> => {
    mustAct(who);
    const wish = { who, action, deleteDisks, graceMs: parts.settings.shutdownGraceMs };
    const decided = await store.write((tx) =>
      once(tx, who, key, [`vm.${action}`, ref, deleteDisks], async () => {
        const vm = await getOwnVm(tx, who, ref);
        // Its deletion takes its disks, too: nobody keeps anything of what was given back.
        if (action !== 'delete' || !deleteDisks) await mustBeKept(tx, vm.id);
        return beginChange(tx, vm, wish);
      }),
    );
    if (decided.fresh) startSoon(parts, decided.task);
    return toTask(decided.task);
  };
  return {
    list: async (who, filter = {}) => {
      const where = { tenant: seenTenant(who), node: filter.node, states: filter.state };
      const vms = matching(filter.limit, await listVms(store.read, where), ({ name }) => name);
      return details(store.read, vms);
    },
    get: async (who, ref) => {
      const [found] = await details(store.read, [await getVm(store.read, who, ref)]);
      if (!found) throw notFound('VM', ref);
      return found;
    },
    act: (who, ref, action, key = null) => change(who, ref, { action }, key),
    remove: (who, ref, deleteDisks, key = null) => change(who, ref, { action: 'delete', deleteDisks }, key),
    console: async (who, ref, lines) => {
      const text = await consoleTail(store.read, (await getVm(store.read, who, ref)).id);
      const all = text.split('\n');
      if (all.at(-1) === '') all.pop();
      return all.slice(-Math.max(0, lines) || all.length).join('\n');
    },
  };
}

async function details(db: Db, rows: readonly VmRow[]): Promise<readonly VmDetail[]> {
  const ids = rows.map((row) => row.id);
  const [nics, volumes] = [await nicsOf(db, ids), await volumesOf(db, ids)];
  const snapshots = await snapshotsOf(db, ids);
  return rows.map((row) => ({
    ...toVm(row),
    disks: volumes.filter((volume) => volume.vm === row.id).map(toDisk),
    nics: nics.filter((nic) => nic.vm === row.id),
    snapshots: snapshots.filter((snapshot) => snapshot.vm === row.id),
  }));
}
