import { condition, defineSignal, getExternalWorkflowHandle, log, setHandler } from '@temporalio/workflow';
import type { CreateVm } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { saying } from '../lib/progress.ts';
import { shielded } from '../lib/task.ts';

/** Told to a creation that waits when it may use its node. */
export const turnCame = defineSignal('turnCame');

/** After this long without news, it asks by itself: whoever was to tell it may be gone. */
const NEWS = '1m';

/** Resolves when the node has room for one more creation. */
export async function awaitTurn(cmd: CreateVm): Promise<void> {
  let told = 0;
  setHandler(turnCame, () => {
    told += 1;
  });
  await saying(`waiting for its turn on ${cmd.node}`, async () => {
    for (;;) {
      const heard = told;
      const { mine, called } = await control.takeTurn(cmd.vm, cmd.node);
      await tell(cmd, called);
      if (mine) return;
      await condition(() => told > heard, NEWS);
    }
  });
}

/** The creation needs its node no more: tells whoever is next. Never fails, since those ask by themselves after a while. */
export const passTurn = (cmd: CreateVm): Promise<void> =>
  shielded(async () => {
    try {
      await tell(cmd, await control.passTurn(cmd.vm, cmd.node));
    } catch (error) {
      log.info('the turn was not passed on', { node: cmd.node, error });
    }
  });

/** Whoever does not hear it is told again by the next one: it may have ended, or not have begun. */
async function tell({ node }: CreateVm, called: readonly string[]): Promise<void> {
  const told = await Promise.allSettled(called.map((workflow) => getExternalWorkflowHandle(workflow).signal(turnCame)));
  for (const [index, { status }] of told.entries())
    if (status === 'rejected') log.info('a creation was not told of its turn', { node, workflow: called[index] });
}

/** Runs a whole creation; whatever becomes of it, whoever waits for the node hears of its end. */
export async function thenPassTurn(cmd: CreateVm, creation: () => Promise<void>): Promise<void> {
  try {
    await creation();
  } finally {
    await passTurn(cmd);
  }
}
