import type { Nic } from '../../domain/network.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Task } from '../../domain/task.ts';
import type { Vm, VmAction } from '../../domain/vm.ts';
import type { Disk } from '../../domain/volume.ts';

export interface VmDetail extends Vm {
  readonly disks: readonly Disk[];
  readonly nics: readonly Nic[];
}

export interface VmFilter {
  /** Regular expression over names, `.*` added on both sides unless it begins with '^' / ends with '$'. */
  readonly limit?: string | undefined;
  readonly node?: string | undefined;
  readonly state?: readonly Vm['state'][] | undefined;
}

export interface VmService {
  list(who: Principal, filter?: VmFilter): Promise<readonly VmDetail[]>;
  /** By name or UUID. */
  get(who: Principal, ref: string): Promise<VmDetail>;
  /** Starts the change; null when it is so already. 'conflict' while another change runs, unless that asks for the same: then its task. */
  act(who: Principal, ref: string, action: Exclude<VmAction, 'create' | 'delete'>): Promise<Task | null>;
  remove(who: Principal, ref: string, deleteDisks: boolean): Promise<Task>;
  console(who: Principal, ref: string, lines: number): Promise<string>;
}
