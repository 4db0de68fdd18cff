import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { TaskId } from '../../../domain/ids.ts';
import { addedDisk, createCommand, diskCommand, snapshotCommand } from '../commands.ts';
import { runPlain } from '../engine.ts';
import { eachStepUnwinds } from '../unwinds.ts';
import { emptyWorld, type World } from '../world.ts';

vi.mock('@temporalio/workflow', async () => (await import('../engine.ts')).engine);
const { attachDisk } = await import('../../../workflows/vm/attach-disk.ts');
const { removeSnapshot } = await import('../../../workflows/vm/remove-snapshot.ts');
const { revertVm } = await import('../../../workflows/vm/revert.ts');
const { snapshotVm } = await import('../../../workflows/vm/snapshot.ts');

const created = createCommand();
const added = [addedDisk(created, 'sdc'), addedDisk(created, 'sdd')];

describe('snapshotVm', () => {
  it('leaves nothing behind, whichever step fails', async () => {
    const cmd = snapshotCommand(created);
    expect(await eachStepUnwinds({ ensureSnapshot: 'removeSnapshot' }, () => snapshotVm(cmd))).toEqual([
      'ensureSnapshot',
    ]);
  });

  it('leaves the VM failed, with the reason, where it cannot be undone', async () => {
    const cmd = snapshotCommand(created);
    await run(cmd.task, () => snapshotVm(cmd), { ensureSnapshot: 'no room', removeSnapshot: 'the node is gone' });
    expect(outcome).toMatchObject({ state: 'FAILURE', error: expect.stringContaining('no room') });
    expect(world.vms.get(cmd.vm)).toMatch(/^failed: no room .*snapshot: the node is gone/);
  });
});

describe('attachDisk', () => {
  const UNDOS = { reserveDisk: 'releaseDisk:sdc', 'ensureVolume:sdc': 'removeVolume:sdc', attachDisk: 'detachDisk' };

  it('leaves nothing behind, whichever step fails, and no guest without a file that it has', async () => {
    const cmd = diskCommand(created);
    const never = { detachDisk: ['removeVolume:sdc', 'releaseDisk:sdc'], 'removeVolume:sdc': ['releaseDisk:sdc'] };
    expect(await eachStepUnwinds(UNDOS, () => attachDisk(cmd), undefined, never)).toEqual([
      'reserveDisk',
      'ensureVolume:sdc',
      'attachDisk',
      'recordDefined',
    ]);
  });
});

describe('revertVm', () => {
  it('takes the VM back and gives it the disks that it has been given', async () => {
    const cmd = snapshotCommand(created, added);
    await run(cmd.task, () => revertVm(cmd));
    expect(outcome?.state).toBe('SUCCESS');
    expect(world.calls).toEqual([
      ...['beginTask', 'revertDomain', 'ensureVolume:sdc', 'attachDisk:sdc', 'ensureVolume:sdd', 'attachDisk:sdd'],
      'finishTask',
    ]);
    expect(world.vms.size).toBe(0);
  });

  it.each(['revertDomain', 'ensureVolume:sdc', 'attachDisk:sdd'])(
    'leaves the VM failed, with the reason, when %s fails',
    async (call) => {
      const cmd = snapshotCommand(created, added);
      await run(cmd.task, () => revertVm(cmd), { [call]: 'struck' });
      expect(outcome).toMatchObject({ state: 'FAILURE', error: 'struck' });
      expect(world.vms.get(cmd.vm)).toBe('failed: struck');
      expect(world.calls).not.toContain(call);
    },
  );

  describe('of a VM that is off', () => {
    const cmd = () => ({ ...snapshotCommand(created, added.slice(0, 1)), nics: created.nics });
    const CALLS = ['ensureNics', 'revertDomain', 'ensureVolume:sdc', 'attachDisk:sdc'];

    it('connects it before, and leaves it running', async () => {
      const off = cmd();
      await run(off.task, () => revertVm(off));
      expect(outcome?.state).toBe('SUCCESS');
      expect(world.calls).toEqual(['beginTask', ...CALLS, 'recordVm', 'finishTask']);
      expect(world.vms.get(off.vm)).toBe('running');
    });

    it.each(CALLS)('leaves it failed, with the reason, when %s fails', async (call) => {
      const off = cmd();
      await run(off.task, () => revertVm(off), { [call]: 'struck' });
      expect(outcome).toMatchObject({ state: 'FAILURE', error: 'struck' });
      expect(world.vms.get(off.vm)).toBe('failed: struck');
    });
  });

  it('runs to its end when it is cancelled on the way', async () => {
    const cmd = snapshotCommand(created, added);
    await run(cmd.task, () => revertVm(cmd), {}, 'revertDomain');
    expect(outcome?.state).toBe('SUCCESS');
    expect(world.calls).toContain('attachDisk:sdd');
  });
});

describe('removeSnapshot', () => {
  it('gives the VM its disks again before it removes what they are part of', async () => {
    const cmd = snapshotCommand(created, added.slice(0, 1));
    await run(cmd.task, () => removeSnapshot(cmd));
    expect(world.calls).toEqual(['beginTask', 'ensureVolume:sdc', 'attachDisk:sdc', 'removeSnapshot', 'finishTask']);
  });

  it.each(['attachDisk:sdc', 'removeSnapshot'])('leaves the VM as it is when %s fails', async (call) => {
    const cmd = snapshotCommand(created, added);
    await run(cmd.task, () => removeSnapshot(cmd), { [call]: 'struck' });
    expect(outcome).toMatchObject({ state: 'FAILURE', error: 'struck' });
    expect(world.vms.size).toBe(0);
  });
});

let world: World;
let outcome: unknown & { readonly state?: string };
beforeEach(() => {
  world = emptyWorld();
});

/** Runs a workflow in the world, where these calls fail for these reasons; cancelled when `cancelAt` is called. */
async function run(
  task: TaskId,
  workflow: () => Promise<void>,
  reasons: Readonly<Record<string, string>> = {},
  cancelAt?: string,
): Promise<void> {
  world.before = async (call) => {
    const reason = reasons[call];
    if (reason !== undefined) throw new Error(reason);
  };
  const plain = runPlain((name, args) => {
    if (name === cancelAt) plain.cancel();
    const activities = world.activities as never as Record<string, (...a: readonly unknown[]) => Promise<unknown>>;
    return activities[name]!(...args);
  }, workflow);
  await plain.done.catch(() => undefined);
  outcome = world.outcomes.get(task) ?? {};
}
