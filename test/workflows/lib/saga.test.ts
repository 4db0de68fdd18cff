import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it, vi } from 'vitest';
import { failed, isCancellation, lostWhileCancelled, runPlain } from '../engine.ts';

vi.mock('@temporalio/workflow', async () => (await import('../engine.ts')).engine);
const { saga } = await import('../../../workflows/lib/saga.ts');
type Body = Parameters<typeof saga>[0];

/** What a saga ends with, and which of its undos were run. */
async function ending(body: (cancel: () => void, undo: (name: string) => () => Promise<void>) => Body) {
  const undone: string[] = [];
  const undo = (name: string) => async () => void undone.push(name);
  const plain = runPlain(
    async () => undefined,
    async () => {
      // Nobody can cancel what is not begun.
      await Promise.resolve();
      await saga(body(() => plain.cancel(), undo));
    },
  );
  return { error: await plain.done.catch((error: unknown) => error), undone };
}

const real = () => failed('defineDomain', 'NON_RETRYABLE_FAILURE', ApplicationFailure.nonRetryable('no such machine'));

describe('a saga that was cancelled', () => {
  it('ends as cancelled where its step failed after it had been told to end', async () => {
    const { error, undone } = await ending((cancel, undo) => async (step) => {
      await step('first', async () => undefined, undo('first'));
      await step(
        'second',
        async () => {
          cancel();
          throw lostWhileCancelled('defineDomain');
        },
        undo('second'),
      );
    });
    expect(isCancellation(error), String(error)).toBe(true);
    expect(undone).toEqual(['second', 'first']);
  });

  it('is done all the same where it had begun to record that', async () => {
    const { error, undone } = await ending((cancel, undo) => async (step, commit) => {
      await step('only', async () => undefined, undo('only'));
      await commit('record', async () => cancel());
    });
    expect([error, undone]).toEqual([undefined, []]);
  });

  it('records nothing where it was cancelled in the step before, which had its effect', async () => {
    let recorded = false;
    const { error, undone } = await ending((cancel, undo) => async (step, commit) => {
      await step('only', async () => cancel(), undo('only'));
      await commit('record', async () => {
        recorded = true;
      });
    });
    expect(isCancellation(error), String(error)).toBe(true);
    expect([recorded, undone]).toEqual([false, ['only']]);
  });

  it('says why a step failed that had failed before, though both are heard of together', async () => {
    const { error } = await ending((cancel, undo) => async (step) => {
      await step(
        'only',
        async () => {
          cancel();
          throw real();
        },
        undo('only'),
      );
    });
    expect(error).toMatchObject({ cause: { message: 'no such machine' } });
  });

  it('says why a step failed before, while the step beside it is waited for', async () => {
    const { error, undone } = await ending((cancel, undo) => async (step) => {
      await Promise.all([
        step(
          'lost',
          async () => {
            await new Promise(setImmediate);
            cancel();
            throw lostWhileCancelled('ensureNics');
          },
          undo('lost'),
        ),
        step('fails', () => Promise.reject(real()), undo('fails')),
      ]);
    });
    expect(error).toMatchObject({ cause: { message: 'no such machine' } });
    expect(undone).toEqual(['fails', 'lost']);
  });

  it('says why a step failed before, while that is undone', async () => {
    const { error } = await ending((cancel) => async (step) => {
      await step(
        'first',
        async () => undefined,
        async () => cancel(),
      );
      await step('second', () => Promise.reject(real()));
    });
    expect(error).toMatchObject({ cause: { message: 'no such machine' } });
  });

  it('names what could not be undone', async () => {
    const { error } = await ending((cancel) => async (step) => {
      await step(
        'only',
        async () => {
          cancel();
          throw lostWhileCancelled('defineDomain');
        },
        () => Promise.reject(new Error('the node is gone')),
      );
    });
    expect(error).toMatchObject({
      type: 'needs-operator',
      message: 'Cancelled. Could not be undone: only: the node is gone',
    });
  });
});
