import type { BaseKey, NodeName, TaskId, VmId, Vni } from '../domain/ids.ts';
import type { CreateVm } from '../domain/plan.ts';
import type { TaskState } from '../domain/task.ts';
import type { VmState } from '../domain/vm.ts';

/** How a task ended; `error` is for people and names the reason. */
export interface Outcome {
  readonly state: Extract<TaskState, 'SUCCESS' | 'FAILURE' | 'REVOKED'>;
  readonly status: string;
  readonly error: string | null;
}

/** Activities of the queue `control`: one store transaction each, repeatable. */
export interface ControlActivities {
  /** The task is RUNNING from now on. Succeeds if it was already; 'conflict' if it ended. */
  beginTask(task: TaskId, total: number): Promise<void>;
  /** Writes the outcome, once: a task that ended keeps its first outcome. */
  finishTask(task: TaskId, outcome: Outcome): Promise<void>;
  /** Confirms that name, node, capacity, addresses and disks are reserved for this task; 'conflict' otherwise. */
  reserve(cmd: CreateVm): Promise<void>;
  /** Gives back everything reserved for the VM, its row included; does nothing if another task owns the name by now. */
  release(vm: VmId): Promise<void>;
  recordDefined(vm: VmId, xml: string): Promise<void>;
  /** The VM's state from now on, with the reason if it is 'failed'; the VM is free for the next change. */
  recordVm(vm: VmId, state: Exclude<VmState, 'absent'>, reason: string | null): Promise<void>;
  /** Disk and address rows go with it. With `keepDisks` the volumes stay and belong to no VM. */
  forgetVm(vm: VmId, keepDisks: boolean): Promise<void>;
  /**
   * Asks for a base image on a node: 'ready' (and used now), 'build' (the caller has to start the build with this task id), or 'wait'.
   * With the last two `waiter`, a workflow id, is told by the signal `baseSettled` when the build has ended.
   */
  claimBase(
    base: BaseKey,
    node: NodeName,
    waiter: string,
  ): Promise<{ readonly is: 'ready' } | { readonly is: 'build' | 'wait'; readonly build: TaskId }>;
  /** The waiter gives up. Returns the build's task if nobody waits for it any more, else null. */
  leaveBase(base: BaseKey, node: NodeName, waiter: string): Promise<TaskId | null>;
  /** The build has ended: 'ready', or failed with this reason (then it is forgotten). Returns the workflow ids that wait. */
  settleBase(base: BaseKey, node: NodeName, failure: string | null): Promise<readonly string[]>;
  /** The network is gone from the store's point of view once every node has removed it. */
  forgetNetwork(vni: Vni): Promise<void>;
}
