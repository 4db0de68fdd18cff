import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCommand, NODE } from '../commands.ts';
import { engine, notTakenUp, runPlain } from '../engine.ts';
import { emptyWorld, type World } from '../world.ts';

vi.mock('@temporalio/workflow', async () => (await import('../engine.ts')).engine);
const { createVm } = await import('../../../workflows/vm/create.ts');

/** Every call of a node that nobody took up, with the seconds that it was waited for. */
let unanswered: [string, number][];
let world: World;
beforeEach(() => {
  unanswered = [];
  world = emptyWorld();
});

afterEach(() => vi.restoreAllMocks());

/** A creation that cannot define its domain, and whose node is not there from then on, but for the calls that `answers` lets through. */
async function lostAtDefine(answers: (call: string, count: number) => boolean): Promise<void> {
  let lost = false;
  const cmd = createCommand({ seed: 'metadata', install: false });
  const plain = runPlain(
    async (name, args, _, startMs = 0) => {
      if (lost && world.onNode.has(name) && !answers(name, unanswered.length)) {
        unanswered.push([name, startMs / 1000]);
        throw notTakenUp(name);
      }
      lost ||= name === 'defineDomain';
      if (name === 'defineDomain') throw new Error('no room');
      return (world.activities as never as Record<string, (...a: readonly unknown[]) => Promise<unknown>>)[name]!(
        ...args,
      );
    },
    () => createVm(cmd),
  );
  await plain.done.catch(() => undefined);
}

const statuses = () => world.progress.map(({ status }) => status);

describe('an undo whose node does not answer', () => {
  it('says so soon, and is done when the node is back', async () => {
    await lostAtDefine((_, count) => count > 0);
    expect(unanswered).toEqual([['undefineDomain', 15]]);
    expect(statuses()).toEqual([`undo define: waiting for node ${NODE}`]);
    expect([...world.things]).toEqual([]);
  });

  it('waits for a quarter of an hour, and those after it for half a minute each', async () => {
    await lostAtDefine(() => false);
    const [first, ...later] = ['undefineDomain', 'removeLeases', 'removeVolume', 'removeVolume'];
    expect(unanswered.slice(0, 2)).toEqual([
      [first, 15],
      [first, 15 * 60 - 15],
    ]);
    expect(
      unanswered
        .slice(2)
        .map(([name]) => name)
        .sort(),
    ).toEqual(later.flatMap((name) => [name, name]).sort());
    expect(unanswered.slice(2).map(([, seconds]) => seconds)).toEqual(later.flatMap(() => [15, 15]));
    expect(new Set(statuses())).toEqual(
      new Set(
        ['define', 'network', 'volume sda', 'volume sdb'].map((step) => `undo ${step}: waiting for node ${NODE}`),
      ),
    );
  });

  it('gives its node up as before in a task that was begun before there was this', async () => {
    vi.spyOn(engine, 'patched').mockReturnValue(false);
    await lostAtDefine(() => false);
    expect(unanswered.map(([name]) => name).sort()).toEqual(
      ['removeLeases', 'removeVolume', 'removeVolume', 'undefineDomain'].sort(),
    );
    expect(statuses()).toEqual([]);
  });
});
