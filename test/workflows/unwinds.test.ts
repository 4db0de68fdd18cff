import { expect, it, vi } from 'vitest';
import type { Disk } from '../../domain/volume.ts';
import { createCommand } from './commands.ts';
import { eachStepUnwinds } from './unwinds.ts';

vi.mock('@temporalio/workflow', async () => (await import('./engine.ts')).engine);
const { control } = await import('../../workflows/lib/control.ts');
const { onNode } = await import('../../workflows/lib/node.ts');
const { saga } = await import('../../workflows/lib/saga.ts');

const cmd = createCommand();
const [first, second] = cmd.disks as [Disk, Disk];
const { cleanup, long } = onNode(cmd.node);
const UNDOS = {
  beginCreation: 'release',
  'ensureVolume:sda': 'removeVolume:sda',
  'ensureVolume:sdb': 'removeVolume:sdb',
};

type Undo = () => Promise<unknown>;
const steps: [() => Promise<unknown>, Undo][] = [
  [() => control.beginCreation(cmd, 4), () => control.release(cmd.vm)],
  [() => long.ensureVolume(first), () => cleanup.removeVolume(first)],
  [() => long.ensureVolume(second), () => cleanup.removeVolume(second)],
];

/** A saga with one thing wrong. */
async function flawed(flaw: 'none' | 'late' | 'forgotten' | 'order' | 'first stuck' | 'deaf' | 'lost'): Promise<void> {
  const { CancelledFailure, CancellationScope } = (await import('./engine.ts')).engine;
  const scope = new CancellationScope();
  const armed: Undo[] = [];
  try {
    for (const [forward, undo] of steps) {
      if (flaw !== 'late') armed.push(undo);
      await forward();
      if (flaw === 'late') armed.push(undo);
    }
    if (flaw !== 'deaf' && scope.consideredCancelled) throw new CancelledFailure('cancelled in its last step');
  } catch (cause) {
    if (flaw === 'forgotten') armed.splice(1, 1);
    const order = flaw === 'order' ? armed : armed.reverse();
    await CancellationScope.nonCancellable(async () => {
      for (const undo of order) await (flaw === 'first stuck' ? undo() : undo().catch(() => undefined));
    });
    throw flaw !== 'lost' && scope.consideredCancelled ? new CancelledFailure('cancelled') : cause;
  }
}

it('is content with the saga of the product', async () => {
  const workflow = () =>
    saga(async (step) => {
      for (const [forward, undo] of steps) await step('step', forward, undo);
    });
  expect(await eachStepUnwinds(UNDOS, workflow)).toEqual(Object.keys(UNDOS));
});

it('is content with a flawless one', () => eachStepUnwinds(UNDOS, () => flawed('none')));

it.each([
  ['late', /left|undone/],
  ['forgotten', /left volume|undone/],
  ['order', /undone/],
  ['first stuck', /stuck .*undone/],
  ['deaf', /cancel after ensureVolume:sdb: succeeded/],
  ['lost', /lose before ensureVolume:sda: ended with ActivityFailure/],
] as const)('bites when it is %s', async (flaw, message) => {
  await expect(eachStepUnwinds(UNDOS, () => flawed(flaw))).rejects.toThrow(message);
});
