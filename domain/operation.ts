import type { SnapshotId } from './ids.ts';
import type { MiB } from './units.ts';
import type { VmState } from './vm.ts';

interface Rule {
  /** States of the VM in which it may begin; none of them is changed by it, but that a revert leaves the VM running. */
  readonly from: readonly VmState[];
  /** What cannot be done, in words. */
  readonly verb: string;
}

/** What can be asked of a VM several times over: operations queue, one at a time, in the order of asking. */
export const VM_OPERATIONS = {
  'vm.snapshot': { from: ['running'], verb: 'be snapshotted' },
  'vm.revert': { from: ['running', 'stopped'], verb: 'be taken back to a snapshot' },
  'vm.snapshot-remove': { from: ['running', 'stopped', 'failed'], verb: 'lose a snapshot' },
  'vm.attach-disk': { from: ['running', 'stopped'], verb: 'be given a disk' },
} as const satisfies Record<string, Rule>;

export type OperationKind = keyof typeof VM_OPERATIONS;

export type OperationArgument = { readonly snapshot: SnapshotId } | { readonly size: MiB };

interface Subject {
  readonly name: string;
  readonly state: VmState;
  readonly defined: boolean;
}

/** Why the operation cannot begin on this VM; null if it can. */
export function whyNot(kind: OperationKind, { name, state, defined }: Subject): string | null {
  const { from, verb }: Rule = VM_OPERATIONS[kind];
  if (!from.includes(state)) return `VM '${name}' is ${state}: only one that is ${from.join(' or ')} can ${verb}.`;
  return defined ? null : `VM '${name}' has no domain: it was created with define_vm=false.`;
}
