import type { VmState } from '../../../domain/vm.ts';

/** PVC's word for each state of a VM: what it should be, or what is being done to it. */
export const PVC_STATE = {
  absent: 'stop',
  provisioning: 'provision',
  stopped: 'stop',
  starting: 'start',
  running: 'start',
  stopping: 'stop',
  'shutting-down': 'shutdown',
  restarting: 'restart',
  // PVC's own word, delete, is one that its client cannot show.
  deleting: 'stop',
  failed: 'fail',
} as const satisfies Record<VmState, string>;

/** Every state that PVC has a word for, also those that no VM of ours is ever in: a filter by them finds nothing. */
export const PVC_STATES = [
  'start',
  'restart',
  'shutdown',
  'stop',
  'disable',
  'fail',
  'migrate',
  'unmigrate',
  'provision',
  'restore',
  'import',
  'mirror',
] as const;

/** The states that PVC calls by this word. */
export const statesOf = (word: (typeof PVC_STATES)[number]): readonly VmState[] =>
  (Object.keys(PVC_STATE) as VmState[]).filter((state) => PVC_STATE[state] === word);
