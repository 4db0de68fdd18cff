import { expect, it, vi } from 'vitest';
import type { ChangeVm } from '../../../domain/plan.ts';
import { changeCommand, createCommand } from '../commands.ts';
import { runPlain } from '../engine.ts';
import { emptyWorld } from '../world.ts';

vi.mock('@temporalio/workflow', async () => (await import('../engine.ts')).engine);
const { startVm } = await import('../../../workflows/vm/start.ts');
const { shutdownVm } = await import('../../../workflows/vm/shutdown.ts');

const created = createCommand();

const ACTIONS = {
  start: { workflow: startVm, effect: 'startDomain', undo: 'stopDomain' },
  shutdown: { workflow: shutdownVm, effect: 'shutdownDomain', undo: 'startDomain' },
} as const;

/** What was called when it was cancelled at its effect, and how it left the VM. */
async function cancelled(action: keyof typeof ACTIONS, before: NonNullable<ChangeVm['before']>) {
  const { workflow, effect } = ACTIONS[action];
  const world = emptyWorld();
  const cmd = changeCommand(created, { before });
  const plain = runPlain(
    (name, args) => {
      if (name === effect) plain.cancel();
      const activities = world.activities as never as Record<string, (...a: readonly unknown[]) => Promise<unknown>>;
      return activities[name]!(...args);
    },
    () => workflow(cmd),
  );
  await plain.done.catch(() => undefined);
  expect(world.outcomes.get(cmd.task)?.state).toBe('REVOKED');
  return { calls: world.calls, state: world.vms.get(cmd.vm) };
}

it.each([
  ['start', 'stopped', true],
  ['start', 'running', false],
  ['shutdown', 'running', true],
  ['shutdown', 'stopped', false],
] as const)('undoes a cancelled %s of a VM that was %s before: %s', async (action, before, undone) => {
  const { calls, state } = await cancelled(action, before);
  expect(calls.includes(ACTIONS[action].undo)).toBe(undone);
  expect(state).toBe(before);
});
