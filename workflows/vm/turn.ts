import { condition, defineSignal, getExternalWorkflowHandle, log, setHandler } from '@temporalio/workflow';
import type { CreateVm } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { saying } from '../lib/progress.ts';
import { type Step, saga } from '../lib/saga.ts';
import { shielded } from '../lib/task.ts';

/** Told to a creation that waits when it may use its node. */
export const turnCame = defineSignal('turnCame');

/** After this long without news, it asks by itself: whoever was to tell it may be gone. */
const NEWS = '1m';

/** Confirms the reservation; resolves when the node has room for one more creation. */
export async function reserveInTurn(cmd: CreateVm): Promise<void> {
  if ((await control.reserve(cmd)) !== 'wait') return;
  let told = 0;
  setHandler(turnCame, () => {
    told += 1;
  });
  await saying(`waiting for its turn on ${cmd.node}`, async () => {
    for (;;) {
      const heard = told;
      if (await control.takeTurn(cmd.vm, cmd.node)) return;
      await condition(() => told > heard, NEWS);
    }
  });
}

/** The creation needs its node no more: tells whoever is next. Never fails, since those ask by themselves after a while. */
export const passTurn = (cmd: CreateVm): Promise<void> =>
  shielded(async () => {
    try {
      const next = await control.passTurn(cmd.vm, cmd.node);
      await Promise.all(next.map((workflow) => getExternalWorkflowHandle(workflow).signal(turnCame)));
    } catch (error) {
      log.info('the next creation was not told of its turn', { node: cmd.node, error });
    }
  });

/** Runs the creation's steps as one saga; whatever becomes of them, whoever waits for the node hears of the end. */
export async function inTurn(cmd: CreateVm, body: (step: Step) => Promise<void>): Promise<void> {
  try {
    await saga(body);
  } finally {
    await passTurn(cmd);
  }
}
