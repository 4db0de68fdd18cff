import { expect, it, vi } from 'vitest';
import type { ChangeVm } from '../../../domain/plan.ts';
import { changeCommand, createCommand } from '../commands.ts';
import { lostWhileCancelled, runPlain } from '../engine.ts';
import { emptyWorld } from '../world.ts';

vi.mock('@temporalio/workflow', async () => (await import('../engine.ts')).engine);
const { restartVm } = await import('../../../workflows/vm/restart.ts');
const { startVm } = await import('../../../workflows/vm/start.ts');
const { shutdownVm } = await import('../../../workflows/vm/shutdown.ts');

const created = createCommand();

const ACTIONS = {
  start: { workflow: startVm, effect: 'startDomain', undo: 'stopDomain' },
  shutdown: { workflow: shutdownVm, effect: 'shutdownDomain', undo: 'startDomain' },
} as const;

/** Runs a change that is cancelled at this call, whose worker may be lost meanwhile; what was called, and how it left the VM. */
async function cancelled(
  workflow: (cmd: ChangeVm) => Promise<void>,
  at: string,
  before: ChangeVm['before'],
  lost = false,
) {
  const world = emptyWorld();
  const cmd = changeCommand(created, before ? { before } : {});
  const plain = runPlain(
    async (name, args) => {
      if (name === at) plain.cancel();
      const activities = world.activities as never as Record<string, (...a: readonly unknown[]) => Promise<unknown>>;
      const value = await activities[name]!(...args);
      if (name === at && lost) throw lostWhileCancelled(name);
      return value;
    },
    () => workflow(cmd),
  );
  await plain.done.catch(() => undefined);
  expect(world.outcomes.get(cmd.task)).toMatchObject({ state: 'REVOKED', error: null });
  return { calls: world.calls, state: world.vms.get(cmd.vm) };
}

it.each([
  ['start', 'stopped', true],
  ['start', 'running', false],
  ['shutdown', 'running', true],
  ['shutdown', 'stopped', false],
] as const)('undoes a cancelled %s of a VM that was %s before: %s', async (action, before, undone) => {
  const { workflow, effect, undo } = ACTIONS[action];
  const { calls, state } = await cancelled(workflow, effect, before);
  expect(calls.includes(undo)).toBe(undone);
  expect(state).toBe(before);
});

it.each([
  ['start', 'ensureNics', startVm, 'stopped'],
  ['start', 'startDomain', startVm, 'stopped'],
  ['shutdown', 'shutdownDomain', shutdownVm, 'running'],
  ['restart', 'ensureNics', restartVm, 'running'],
] as const)('is REVOKED when a %s is cancelled whose worker is lost: %s', async (_, at, workflow, state) => {
  expect((await cancelled(workflow, at, undefined, true)).state).toBe(state);
});
