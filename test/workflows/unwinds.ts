import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { isCancellation, lostWhileCancelled, runPlain } from './engine.ts';
import { type Activities, emptyWorld, type World } from './world.ts';

/** Which undo belongs to which call. A call that is not here has none. */
export type Undos = Readonly<Record<string, string>>;

type Where = 'before' | 'after';
interface Trouble {
  readonly at: string;
  readonly where: Where;
  readonly how: How;
}

/** `lose`: cancelled, but its worker is lost before it can say so. */
const HOWS = ['fail', 'cancel', 'lose'] as const;
type How = (typeof HOWS)[number];

const BOOKKEEPING = ['beginTask', 'finishTask', 'noteProgress', 'passTurn'];

/**
 * Runs the workflow once undisturbed, then once per call: failing, being cancelled, and being cancelled while its worker is lost, before
 * and after the call takes effect. Throws unless each time nothing of it remains, everything begun was undone, latest first, and the
 * end is a cancellation if there was one; and unless every single stuck undo leaves the others to be done. Returns the calls in their order.
 */
export async function eachStepUnwinds(
  undos: Undos,
  workflow: () => Promise<void>,
  prepare?: (w: World) => void,
  /** Undos that must not be tried once another is stuck. */
  ruledOut: Readonly<Record<string, readonly string[]>> = {},
) {
  const calm = await attempt(undos, workflow, prepare);
  if (calm.error) throw calm.error;
  const steps = calm.begun;
  for (const at of steps)
    for (const where of ['before', 'after'] as const)
      for (const how of HOWS) {
        if (how === 'lose' && !calm.world.onNode.has(nameOf(at))) continue;
        const trouble: Trouble = { at, where, how };
        const ran = await attempt(undos, workflow, prepare, trouble);
        check(ran, undos, `${how} ${where} ${at}`);
        if ((how !== 'fail') !== isCancellation(ran.error))
          throw new Error(`${how} ${where} ${at}: ended with ${ran.error}`);
      }
  const last = steps.at(-1) ?? '';
  for (const stuck of new Set(Object.values(undos))) {
    const ran = await attempt(undos, workflow, prepare, { at: last, where: 'before', how: 'fail' }, stuck);
    checkOrder(ran, undos, `stuck ${stuck}`, ruledOut[stuck]);
  }
  return steps;
}

interface Ran {
  readonly world: World;
  readonly begun: readonly string[];
  readonly undone: readonly string[];
  readonly left: readonly string[];
  readonly error: unknown;
}

async function attempt(
  undos: Undos,
  workflow: () => Promise<void>,
  prepare?: (w: World) => void,
  trouble?: Trouble,
  stuck?: string,
): Promise<Ran> {
  const world = emptyWorld();
  prepare?.(world);
  const existing = new Set(world.things);
  const begun: string[] = [];
  const undone: string[] = [];
  let failing = false;
  const cut = (at: string, where: Where): void => {
    if (trouble?.at !== at || trouble.where !== where || failing) return;
    failing = true;
    if (trouble.how !== 'fail') run.cancel();
    if (trouble.how === 'lose') throw lostWhileCancelled(at);
    if (trouble.how === 'cancel' && where === 'before') throw new CancelledFailure(`${at} was cancelled`);
    if (trouble.how === 'fail') throw ApplicationFailure.nonRetryable(`injected ${where} ${at}`, 'internal');
  };
  const dispatch = async (name: string, args: readonly unknown[], cancelled: boolean): Promise<unknown> => {
    const call = label(name, args);
    if (BOOKKEEPING.includes(name)) return invoke(world, name, args);
    const undoing = failing && !cancelled && isUndo(name);
    // A VM of which something is left is kept as 'failed'.
    if (undoing && call === 'recordVm') {
      // Where a creation is not released; of other plans it is a note.
      if ('beginCreation' in undos) undone.push('release');
    } else (undoing ? undone : begun).push(call);
    if (undoing && call === stuck) throw ApplicationFailure.nonRetryable('stuck', 'internal');
    await Promise.resolve();
    if (cancelled) throw new CancelledFailure(`${call} was cancelled`);
    if (!undoing) cut(call, 'before');
    const value = await invoke(world, name, args);
    if (!undoing) cut(call, 'after');
    return value;
  };
  const run = runPlain(dispatch, workflow);
  const error = await run.done.then(
    () => null,
    (cause: unknown) => cause,
  );
  return { world, begun, undone, left: [...world.things].filter((thing) => !existing.has(thing)), error };
}

const isUndo = (name: string): boolean => /^(remove|release|undefine|detach|stop|leave|recordVm)/.test(name);

const invoke = (world: World, name: string, args: readonly unknown[]): Promise<unknown> =>
  (world.activities[name as keyof Activities] as (...args: readonly unknown[]) => Promise<unknown>)(...args);

const nameOf = (call: string): string => call.replace(/:.*/, '');

function label(name: string, args: readonly unknown[]): string {
  const diskId = (args[0] as { diskId?: string } | undefined)?.diskId;
  return diskId === undefined ? name : `${name}:${diskId}`;
}

function check(ran: Ran, undos: Undos, when: string): void {
  if (!ran.error) throw new Error(`${when}: succeeded`);
  if (ran.left.length > 0) throw new Error(`${when}: left ${ran.left.join(', ')}`);
  checkOrder(ran, undos, when);
}

function checkOrder({ begun, undone }: Ran, undos: Undos, when: string, never: readonly string[] = []): void {
  const all = begun.flatMap((call) => undos[call] ?? []).reverse();
  const expected = all.filter((undo) => !never.includes(undo));
  if (expected.join() === undone.join()) return;
  throw new Error(`${when}: undone ${undone.join(', ')}; expected ${expected.join(', ')}`);
}
