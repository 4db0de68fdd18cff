import type { TaskId, VmId } from './ids.ts';

/** Life of a task. REVOKED means cancelled and undone. Words are the PVC manual's, which all dialects can be computed from. */
export const TASK_STATES = ['PENDING', 'RUNNING', 'SUCCESS', 'FAILURE', 'REVOKED'] as const;
export type TaskState = (typeof TASK_STATES)[number];

export const TASK_FINAL: readonly TaskState[] = ['SUCCESS', 'FAILURE', 'REVOKED'];

/** `<noun>.<verb>`: also the workflow's type in Temporal and the search attribute TaskKind. */
export const TASK_KINDS = [
  'provisioner.create',
  'image.build',
  'image.collect',
  'vm.start',
  'vm.stop',
  'vm.shutdown',
  'vm.restart',
  'vm.delete',
  'vm.snapshot',
  'vm.revert',
  'vm.snapshot-remove',
  'vm.attach-disk',
  'network.remove',
  'volume.remove',
] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** Name of the workflow that carries out each kind. */
export const WORKFLOW_OF: Readonly<Record<TaskKind, string>> = {
  'provisioner.create': 'createVm',
  'image.build': 'buildImage',
  'image.collect': 'collectImage',
  'vm.start': 'startVm',
  'vm.stop': 'stopVm',
  'vm.shutdown': 'shutdownVm',
  'vm.restart': 'restartVm',
  'vm.delete': 'deleteVm',
  'vm.snapshot': 'snapshotVm',
  'vm.revert': 'revertVm',
  'vm.snapshot-remove': 'removeSnapshot',
  'vm.attach-disk': 'attachDisk',
  'network.remove': 'removeNetwork',
  'volume.remove': 'removeVolume',
};

/** Kinds that a cancellation does not stop once they have begun: what they take away does not come back. */
export const RUN_TO_THEIR_END: readonly TaskKind[] = [
  'image.collect',
  'vm.stop',
  'vm.delete',
  'vm.revert',
  'vm.snapshot-remove',
  'network.remove',
  'volume.remove',
];

export interface Progress {
  /** Steps begun so far; never decreases. */
  readonly current: number;
  readonly total: number;
  /** What is being done, for a person. */
  readonly status: string;
}

export interface Task extends Progress {
  readonly id: TaskId;
  readonly kind: TaskKind;
  /** What it works on, in the words of its kind: a VM's name, a network's number. */
  readonly target: string;
  readonly state: TaskState;
  readonly tenant: string;
  readonly runOn: string;
  readonly error: string | null;
  readonly cancelRequested: boolean;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

export interface LogLine {
  /** Epoch milliseconds. */
  readonly at: number;
  /** The step that wrote it. */
  readonly step: string;
  readonly text: string;
}

/** Temporal's name of a task's workflow. */
export const workflowId = (task: TaskId): string => `task:${task}`;

/** The task of a workflow's name. */
export const taskOfWorkflow = (workflow: string): TaskId => workflow.replace(/^task:/, '') as TaskId;

/** The VM that a task is about, by its input: all kinds name it alike. Undefined for tasks about other things. */
export const vmOfInput = (input: unknown): VmId | undefined => ((input ?? {}) as { readonly vm?: VmId }).vm;
