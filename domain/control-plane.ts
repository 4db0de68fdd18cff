import type { BaseKey, NodeName, TaskId, VmId, Vni } from './ids.ts';
import type { Network } from './network.ts';
import type { NodeReport } from './node.ts';
import type { LogLine, Progress } from './task.ts';
import type { Disk, StoragePool } from './volume.ts';

/** What an install script is run with. Holds template authors' values: never put into a workflow. */
export interface InstallInput {
  readonly script: string;
  /** Empty for a base image: build() gets no VM. */
  readonly vmName: string | null;
  /** Trailing digits of the name, 0 without (pvc-facts.md §3.1). */
  readonly vmId: number;
  readonly disks: readonly Disk[];
  readonly vnis: readonly Vni[];
  /** Profile's arguments, overridden by those of the request. */
  readonly args: Readonly<Record<string, string>>;
}

/** What a NoCloud seed holds. */
export interface SeedInput {
  readonly metaData: string;
  readonly userData: string;
  readonly networkConfig: string | null;
}

/** Bytes of a console log that are kept. */
export const CONSOLE_KEPT = 256 * 1024;

/** What a node asks and tells the control plane. Implemented over the store where both run on one machine. */
export interface ControlPlane {
  keepalive(report: NodeReport): Promise<void>;
  /** Lines appear in the task's log in this order; called again with the same lines they may appear twice. */
  appendLog(task: TaskId, lines: readonly LogLine[]): Promise<void>;
  /** Never moves a task backwards. */
  progress(task: TaskId, progress: Progress): Promise<void>;
  /** What keeps a task waiting, shown until it goes on: whichever of its steps that is. */
  remark(task: TaskId, status: string): Promise<void>;
  /**
   * What a VM's console log ends with, in place of what is known of it: its node, which begins to follow it, need not know what it
   * told before. Resolves with the byte that more of the log counts from; nothing changes where the node has nothing.
   */
  resumeConsole(vm: VmId, text: string): Promise<number>;
  /** More of a VM's console log, beginning at this byte; what is known already is ignored, so it may be told twice. */
  appendConsole(vm: VmId, offset: number, text: string): Promise<void>;
  installInput(vm: VmId): Promise<InstallInput>;
  buildInput(base: BaseKey): Promise<InstallInput>;
  seedInput(vm: VmId): Promise<SeedInput>;
  network(vni: Vni): Promise<Network>;
  storagePool(name: string): Promise<StoragePool>;
  /** VNIs that VMs of this node are on: what must exist there after a reboot. */
  networksOf(node: NodeName): Promise<readonly Vni[]>;
}
