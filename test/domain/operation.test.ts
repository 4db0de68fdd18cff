import { expect, it } from 'vitest';
import { type OperationKind, whyNot } from '../../domain/operation.ts';
import { VM_STATES } from '../../domain/vm.ts';

/** The states in which each may begin. */
it.each<[OperationKind, readonly string[]]>([
  ['vm.snapshot', ['running']],
  ['vm.revert', ['stopped', 'running']],
  ['vm.snapshot-remove', ['stopped', 'running', 'failed']],
  ['vm.attach-disk', ['stopped', 'running']],
])('%s begins on a VM that is %j only', (kind, states) => {
  expect(VM_STATES.filter((state) => whyNot(kind, { name: 'web1', state, defined: true }) === null)).toEqual(states);
  for (const state of VM_STATES) expect(whyNot(kind, { name: 'web1', state, defined: false })).toContain('web1');
});
