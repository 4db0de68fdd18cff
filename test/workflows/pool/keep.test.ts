import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { NodeName, VmId } from '../../../domain/ids.ts';
import { type PoolProbe, type PoolTurn, WAKE_SIGNAL } from '../../../domain/pool-keeper.ts';
import { runPlain } from '../engine.ts';
import { Anew, happened, signal } from './clocked.ts';

vi.mock('@temporalio/workflow', async () => (await import('./clocked.ts')).clocked);
const { keepPool } = await import('../../../workflows/pool/keep.ts');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout'] });
});
afterEach(() => vi.useRealTimers());

/** A guest, the ms after which a look at it ends, and what that has found; null: the node could not say. */
type Guest = readonly [vm: string, afterMs: number, well: boolean | null];

interface World {
  /** What each turn leaves to be done, by its number from 1. */
  readonly turn: (number: number) => Partial<PoolTurn> | null;
  readonly guests?: readonly Guest[];
  /** How long the store takes for anything. */
  readonly storeMs?: number;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
const probes = (...vms: readonly string[]): readonly PoolProbe[] =>
  vms.map((vm) => ({ vm: vm as VmId, node: 'hv1' as NodeName, ip: '10.0.0.1', port: 22 }));

/** A keeper that runs; what it asked for, each with the ms since it began. */
function keeper({ turn, guests = [], storeMs = 0 }: World) {
  const begun = Date.now();
  const calls: [atMs: number, what: string][] = [];
  let [turns, inStore, mostInStore] = [0, 0, 0];
  const look = async (vm: string): Promise<boolean> => {
    const [, ms = 0, well = true] = guests.find(([name]) => name === vm) ?? [];
    await wait(ms);
    if (well === null) throw new Error('nobody took it up');
    return well;
  };
  const store = async (name: string, args: readonly unknown[]): Promise<unknown> => {
    inStore += 1;
    mostInStore = Math.max(mostInStore, inStore);
    if (storeMs > 0) await wait(storeMs);
    inStore -= 1;
    if (name === 'recordProbes') return undefined;
    if (name === 'wakePools') return void args;
    turns += 1;
    const left = turn(turns);
    return left && { wakeAt: null, probes: [], wake: [], ...left };
  };
  const plain = runPlain(
    async (name, args) => {
      const [first, found] = args as readonly [{ readonly vm: string }, readonly object[]];
      const what = { probeGuest: ` ${first.vm}`, recordProbes: ` ${JSON.stringify(found)}`, wakePools: ` ${first}` };
      calls.push([Date.now() - begun, `${name}${what[name as keyof typeof what] ?? ''}`]);
      return (name === 'probeGuest' ? look(first.vm) : store(name, args)).finally(happened);
    },
    () => keepPool({ pool: 'p' }),
  );
  const ended = plain.done.then(
    () => 'over',
    (error: unknown) => (error instanceof Anew ? 'anew' : error),
  );
  const after = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    return calls;
  };
  return { calls, ended, after, turns: () => turns, mostInStore: () => mostInStore };
}

const found = (...looks: readonly (readonly [string, boolean])[]): string =>
  `recordProbes ${JSON.stringify(looks.map(([vm, well]) => ({ vm, well })))}`;

const of = (calls: readonly [number, string][], from = 0): readonly string[] =>
  calls.slice(from).map(([, what]) => what);

it('takes a turn when something is due, and when it is woken', async () => {
  const { after, calls } = keeper({ turn: (number) => (number === 1 ? { wakeAt: Date.now() + 500 } : {}) });
  expect(await after(499)).toEqual([[0, 'keepPool']]);
  expect((await after(60_000)).slice(1)).toEqual([[500, 'keepPool']]);
  signal(WAKE_SIGNAL);
  await after(5);
  expect(of(calls, 2)).toEqual(['keepPool']);
});

it('wakes the pools that a turn left work for', async () => {
  const { after } = keeper({ turn: () => ({ wake: ['other'] }) });
  expect(of(await after(10))).toEqual(['keepPool', 'wakePools other']);
});

it('ends when the pool is gone, unless it is woken meanwhile', async () => {
  const gone = keeper({ turn: () => null, storeMs: 10 });
  await gone.after(5);
  signal(WAKE_SIGNAL);
  await gone.after(20);
  expect([gone.turns(), await gone.ended]).toEqual([2, 'over']);
});

it('records a guest that is well at once, and one that is not when the next turn is due', async () => {
  const ill = keeper({
    guests: [['ill', 10, false]],
    turn: (number) => ({ wakeAt: Date.now() + 2_000, probes: number === 1 ? probes('ill') : [] }),
  });
  expect(of(await ill.after(1_990))).toEqual(['keepPool', 'probeGuest ill']);
  expect(of(await ill.after(20), 2)).toEqual([found(['ill', false]), 'keepPool']);
  const well = keeper({
    guests: [['well', 10, true]],
    turn: (number) => ({ wakeAt: Date.now() + 2_000, probes: number === 1 ? probes('well') : [] }),
  });
  expect(of(await well.after(50))).toEqual(['keepPool', 'probeGuest well', found(['well', true]), 'keepPool']);
});

it('does not keep a guest that is well waiting for one whose node is silent, and looks at none twice at a time', async () => {
  const { after, calls } = keeper({
    guests: [
      ['silent', 10_000, null],
      ['well', 20, true],
    ],
    turn: (number) => ({ wakeAt: Date.now() + 2_000, probes: probes('silent', ...(number < 3 ? ['well'] : [])) }),
  });
  await after(30);
  const first = ['keepPool', 'probeGuest silent', 'probeGuest well'];
  expect(of(calls)).toEqual([...first, found(['well', true]), 'keepPool', 'probeGuest well']);
  await after(9_900);
  expect(of(calls).filter((what) => what === 'probeGuest silent')).toHaveLength(1);
  // Nothing has been found of it: it is looked at again.
  await after(2_100);
  expect(of(calls).filter((what) => what === 'probeGuest silent')).toHaveLength(2);
  expect(of(calls).some((what) => what.startsWith('recordProbes') && what.includes('silent'))).toBe(false);
});

it('asks one thing of the store at a time, whenever it is woken and looks end', async () => {
  const guests = Array.from({ length: 30 }, (_, index): Guest => [`vm${index}`, 3 + 7 * index, true]);
  const { after, turns, mostInStore, calls } = keeper({
    ...{ guests, storeMs: 10 },
    turn: (number) => ({ wake: ['other'], probes: number === 1 ? probes(...guests.map(([vm]) => vm)) : [] }),
  });
  for (let ms = 0; ms < 600; ms += 4) {
    await after(4);
    if (ms < 200) signal(WAKE_SIGNAL);
  }
  expect(mostInStore()).toBe(1);
  expect(turns()).toBeGreaterThan(5);
  const recorded = of(calls).filter((what) => what.startsWith('recordProbes'));
  for (const [vm] of guests) expect(recorded.filter((what) => what.includes(`"${vm}"`))).toHaveLength(1);
});

/** Turns as fast as they can be taken. */
const AT_ONCE = (): Partial<PoolTurn> => ({ wakeAt: Date.now() });

it('begins anew after fifty turns, at once if nothing is looked at', async () => {
  const { after, turns, ended } = keeper({ turn: AT_ONCE });
  await after(1);
  expect([turns(), await ended]).toEqual([50, 'anew']);
});

/** A keeper that is looked at something for so long when it has taken its fifty turns. */
function aging(lookMs: number, well: boolean) {
  return keeper({
    guests: [['last', lookMs, well]],
    turn: (number) => ({
      wakeAt: number < 50 ? Date.now() : Date.now() + 60_000,
      probes: number >= 49 ? probes('last', ...(number > 49 ? ['late'] : [])) : [],
    }),
  });
}

it('records what is being looked at before it begins anew, begins no other look, and takes turns meanwhile', async () => {
  const { after, calls, turns, ended } = aging(4_000, false);
  await after(1_000);
  signal(WAKE_SIGNAL);
  await after(1_000);
  expect(turns()).toBe(51);
  await after(2_200);
  expect(await ended).toBe('anew');
  expect(of(calls).at(-1)).toBe(found(['last', false]));
  expect(of(calls)).not.toContain('probeGuest late');
});

it('does not wait for a silent node before it begins anew', async () => {
  const { after, ended, calls } = aging(20_000, true);
  await after(5_900);
  expect(await Promise.race([ended, 'goes on'])).toBe('goes on');
  await after(200);
  expect(await ended).toBe('anew');
  expect(of(calls).some((what) => what.startsWith('recordProbes'))).toBe(false);
});

it('fails by what it cannot make sense of, as a result of a history that was another', async () => {
  const { after, ended } = keeper({ turn: () => ({ wake: undefined as never }) });
  await after(1);
  expect(await ended).toBeInstanceOf(TypeError);
});
