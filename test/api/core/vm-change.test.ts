import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { controlActivities } from '../../../activities/control.ts';
import type { ChangeVm } from '../../../domain/plan.ts';
import { decide, VM_ACTIONS, VM_STATES, type VmAction, type VmState } from '../../../domain/vm.ts';
import { findTask } from '../../../store/task.ts';
import { findVmByName, updateVm, type VmRow } from '../../../store/vm.ts';
import { ADMIN, type Cluster, cluster, request } from './cluster.ts';

type Action = Exclude<VmAction, 'create'>;
type State = VmRow['state'];
const ACTIONS = Object.keys(VM_ACTIONS).filter((action): action is Action => action !== 'create');
const STATES = VM_STATES.filter((state): state is State => state !== 'absent');

/** What each action does in each state, in the order of STATES: G goes, S is so already as far as is known, C is a conflict. */
const TABLE: readonly (readonly [Action, string])[] = [
  ['start', 'C G S S C C C C G'],
  ['stop', 'C S C G S G C C G'],
  ['shutdown', 'C S C G C S C C C'],
  ['restart', 'C C C G C C C C C'],
  ['delete', 'C G C G C C C S G'],
];

const cells = TABLE.flatMap(([action, row]) =>
  row.split(' ').map((cell, index) => [action, STATES[index] as State, cell] as const),
);

it('has a cell for every action in every state', () => {
  expect(STATES.join(' ')).toBe(
    'provisioning stopped starting running stopping shutting-down restarting deleting failed',
  );
  expect(cells).toHaveLength(ACTIONS.length * STATES.length);
});

const word = (action: VmAction, state: VmState): string => {
  try {
    return decide(action, state) === 'go' ? 'G' : 'S';
  } catch {
    return 'C';
  }
};

it.each(cells)('%s of a VM that is %s: %s', (action, state, cell) => {
  expect(word(action, state)).toBe(cell);
});

describe('a VM on a store', () => {
  let c: Cluster;
  beforeEach(async () => {
    c = await cluster();
    await c.node('hv1');
    await c.profile();
    await c.services.provisioner.create(ADMIN, request());
  });
  afterEach(() => c.close());

  const row = async (): Promise<VmRow> => (await findVmByName(c.store.read, 'web1'))!;
  const be = async (state: State, change: Partial<VmRow> = {}): Promise<void> => {
    const { id } = await row();
    await c.store.write((tx) => updateVm(tx, id, { state, changing: null, defined: true, ...change }));
  };
  const act = (action: Action) =>
    action === 'delete' ? c.services.vms.remove(ADMIN, 'web1', true) : c.services.vms.act(ADMIN, 'web1', action);

  it.each(cells)('%s, when it is %s: %s', async (action, state, cell) => {
    await be(state);
    if (cell === 'C') {
      await expect(act(action)).rejects.toMatchObject({ fault: { kind: 'conflict' } });
      expect((await row()).state).toBe(state);
      return;
    }
    const task = await act(action);
    expect(task).toMatchObject({ kind: `vm.${action}`, target: 'web1', runOn: 'hv1', state: 'PENDING' });
    expect(await row()).toMatchObject({ state: VM_ACTIONS[action].via, changing: task?.id });
    const input = (await findTask(c.store.read, task!.id))?.input as ChangeVm;
    expect(input).toMatchObject({
      task: task?.id,
      name: 'web1',
      before: state === VM_ACTIONS[action].via ? VM_ACTIONS[action].from[0] : state,
      deleteDisks: action === 'delete',
    });
    expect(input.disks).toHaveLength(2);
  });

  it('joins the task that does the same already', async () => {
    await be('running');
    const [one, two] = [await act('shutdown'), await act('shutdown')];
    expect(two?.id).toBe(one?.id);
    await c.settled();
    expect(c.jobs.started.filter(({ kind }) => kind === 'vm.shutdown')).toHaveLength(1);
  });

  it('refuses another change meanwhile, naming the task', async () => {
    await be('running');
    const task = await act('shutdown');
    await expect(act('stop')).rejects.toThrow(`${task?.id} (vm.shutdown)`);
    await controlActivities(c.store).recordVm((await row()).id, 'running', null, task?.id);
    expect(await act('stop')).toMatchObject({ kind: 'vm.stop' });
  });

  it('deletes with and without disks as two different wishes', async () => {
    await be('stopped');
    const task = await act('delete');
    expect((await act('delete'))?.id).toBe(task?.id);
    await expect(c.services.vms.remove(ADMIN, 'web1', false)).rejects.toMatchObject({ fault: { kind: 'conflict' } });
  });

  it('refuses to start without a domain, and without room on its node', async () => {
    await be('stopped', { defined: false });
    await expect(act('start')).rejects.toThrow('has no domain');
    await be('stopped');
    await c.node('hv1', { memoryUsed: 16_000 });
    await expect(act('start')).rejects.toMatchObject({ fault: { kind: 'no-capacity' } });
    expect((await row()).state).toBe('stopped');
  });

  it('looks again at a guest that is recorded as it is wanted, also where there is no room for more', async () => {
    await be('running');
    await c.node('hv1', { memoryUsed: 16_000, running: [(await row()).id] });
    const task = await act('start');
    expect(task).toMatchObject({ kind: 'vm.start' });
    await c.settled();
    expect(c.jobs.started.at(-1)).toMatchObject({ id: task.id, input: { before: 'running' } });
  });

  it('keeps its hands off what others own', async () => {
    const other = { ...ADMIN, account: 'o', tenant: 'other', role: 'user' } as const;
    await be('running');
    await expect(c.services.vms.act(other, 'web1', 'stop')).rejects.toMatchObject({ fault: { kind: 'not-found' } });
    await expect(c.services.vms.act({ ...ADMIN, role: 'viewer' }, 'web1', 'stop')).rejects.toMatchObject({
      fault: { kind: 'forbidden' },
    });
    expect(await c.services.vms.list(other)).toEqual([]);
  });
});
