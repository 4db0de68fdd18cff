import { CancelledFailure } from '@temporalio/common';
import { describe, expect, it, vi } from 'vitest';
import type { CreateVm } from '../../../domain/plan.ts';
import { BASE, createCommand } from '../commands.ts';
import { runPlain } from '../engine.ts';
import { eachStepUnwinds } from '../unwinds.ts';
import { emptyWorld, type World } from '../world.ts';

vi.mock('@temporalio/workflow', async () => (await import('../engine.ts')).engine);
const { countSteps, createVm } = await import('../../../workflows/vm/create.ts');

const UNDOS = {
  beginCreation: 'release',
  claimBase: 'leaveBase',
  'ensureVolume:sda': 'removeVolume:sda',
  'ensureVolume:sdb': 'removeVolume:sdb',
  copyBootFiles: 'removeBootFiles',
  install: 'removeBootFiles',
  ensureNics: 'removeLeases',
  writeSeed: 'removeSeed',
  defineDomain: 'undefineDomain',
  startDomain: 'stopDomain',
};

const readyBase = (world: World) =>
  void world.bases.set(BASE, { ready: true, build: createCommand().task, waiters: new Set() });

describe('createVm', () => {
  it.each<[string, Partial<CreateVm>, string, World['begins']?]>([
    [
      'everything',
      {},
      'beginCreation ensureVolume:sda ensureVolume:sdb writeSeed ensureNics formatVolume:sda install defineDomain startDomain recordDefined awaitGuest',
    ],
    [
      'a clone of a base image',
      { base: BASE },
      'beginCreation claimBase writeSeed ensureNics ensureVolume:sda ensureVolume:sdb copyBootFiles install defineDomain startDomain recordDefined awaitGuest',
    ],
    [
      'a clone without an install()',
      { base: BASE, install: false, seed: 'metadata', wait: 'running' },
      'beginCreation claimBase ensureNics ensureVolume:sda ensureVolume:sdb copyBootFiles defineDomain startDomain',
    ],
    [
      'a clone of a base image that was claimed with the beginning',
      { base: BASE },
      'beginCreation writeSeed ensureNics ensureVolume:sda ensureVolume:sdb copyBootFiles install defineDomain startDomain recordDefined awaitGuest',
      'clone',
    ],
    ['not defined', { define: false }, 'beginCreation ensureVolume:sda ensureVolume:sdb formatVolume:sda install'],
    [
      'not started',
      { start: false, seed: 'none' },
      'beginCreation ensureVolume:sda ensureVolume:sdb ensureNics formatVolume:sda install defineDomain',
    ],
  ])('leaves nothing behind, whichever step fails: %s', async (_, change, steps, begins = 'go') => {
    const cmd = createCommand(change);
    const prepare = (world: World): void => {
      readyBase(world);
      world.begins = begins;
    };
    expect((await eachStepUnwinds(UNDOS, () => createVm(cmd), prepare)).join(' ')).toBe(steps);
  });

  it.each<[string, Partial<CreateVm>]>([
    ['everything', {}],
    ['a clone', { base: BASE }],
    ['not defined', { define: false }],
    ['not started', { start: false, install: false }],
  ])('counts the steps it takes: %s', async (_, change) => {
    const cmd = createCommand(change);
    const world = emptyWorld();
    readyBase(world);
    const { begun } = await observe(cmd, world);
    expect(begun).toBe(countSteps(cmd));
  });

  it('keeps the VM as failed, with the reason, when an undo is stuck', async () => {
    const cmd = createCommand();
    const world = emptyWorld();
    world.before = async (call) => {
      if (call === 'startDomain') throw new Error('no power');
      if (call === 'removeLeases') throw new Error('dnsmasq is gone');
    };
    const { error } = await observe(cmd, world);
    expect(String(error)).toContain('network: dnsmasq is gone');
    expect(world.vms.get(cmd.vm)).toContain(
      'failed: Creation failed and could not be undone: network: dnsmasq is gone',
    );
    expect([...world.things]).toEqual([`reservation ${cmd.vm}`, `lease ${cmd.nics[0]!.mac}`]);
    expect(world.outcomes.get(cmd.task)).toMatchObject({
      state: 'FAILURE',
      error: expect.stringContaining('no power'),
    });
  });

  it('is REVOKED when it was cancelled and undone', async () => {
    const cmd = createCommand();
    const world = emptyWorld();
    world.before = async (call) => {
      if (call === 'install') world.calls.push('cancelling');
    };
    await observe(cmd, world, 'install');
    expect(world.outcomes.get(cmd.task)?.state).toBe('REVOKED');
    expect([...world.things]).toEqual([]);
  });
});

/** Runs the creation in the world; counts the steps by what the current details say. */
async function observe(cmd: CreateVm, world: World, cancelAt?: string): Promise<{ begun: number; error: unknown }> {
  const { engine } = await import('../engine.ts');
  let begun = 0;
  const details = vi.spyOn(engine, 'setCurrentDetails').mockImplementation(((text: string) => {
    begun = Math.max(begun, Number(/Step (\d+) of/.exec(text)?.[1] ?? 0));
  }) as never);
  const run = runPlain(
    async (name, args, cancelled) => {
      if (cancelled) throw new CancelledFailure(name);
      if (name === cancelAt) run.cancel();
      return (world.activities as never as Record<string, (...a: readonly unknown[]) => Promise<unknown>>)[name]!(
        ...args,
      );
    },
    () => createVm(cmd),
  );
  const error = await run.done.catch((cause: unknown) => cause);
  details.mockRestore();
  return { begun, error };
}
