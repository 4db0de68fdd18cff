import type { BaseActivities } from '../../activities/base.ts';
import type { ControlActivities, Outcome } from '../../activities/control.ts';
import type { HostActivities } from '../../activities/host.ts';
import type { NoteActivities } from '../../activities/note.ts';
import type { BaseKey, NodeName, TaskId, VmId, Vni } from '../../domain/ids.ts';
import type { Nic } from '../../domain/network.ts';
import type { CreateVm } from '../../domain/plan.ts';
import type { Progress } from '../../domain/task.ts';
import type { Disk } from '../../domain/volume.ts';

export type Activities = HostActivities & ControlActivities & NoteActivities;

interface Base {
  ready: boolean;
  readonly build: TaskId;
  readonly waiters: Set<string>;
}

/** Everything that activities can leave behind, in memory. Each thing is a word in a set. */
export interface World {
  readonly activities: Activities;
  /** Names of the activities that a node's worker runs. */
  readonly onNode: ReadonlySet<string>;
  readonly things: Set<string>;
  /** Every call that took effect, in order: `activity` or `activity:object`. */
  readonly calls: string[];
  readonly outcomes: Map<TaskId, Outcome>;
  readonly vms: Map<VmId, string>;
  readonly progress: Progress[];
  readonly bases: Map<BaseKey, Base>;
  /** What a creation hears when it begins. */
  begins: Awaited<ReturnType<ControlActivities['beginCreation']>>;
  /** Called before each effect; may wait or throw. */
  before: (call: string) => Promise<void>;
}

/** A world in which nothing exists, and where everything succeeds at once. */
export function emptyWorld(): World {
  const world: Omit<World, 'activities' | 'onNode'> = {
    things: new Set(),
    calls: [],
    outcomes: new Map(),
    vms: new Map(),
    progress: [],
    bases: new Map(),
    begins: 'go',
    before: async () => undefined,
  };
  const w = world as World;
  const host = hostOf(w);
  Object.assign(world, { activities: { ...host, ...controlOf(w) }, onNode: new Set(Object.keys(host)) });
  return w;
}

type Act = (call: string, effect?: () => void) => Promise<void>;

const acting =
  (world: World): Act =>
  async (call, effect) => {
    await world.before(call);
    effect?.();
    world.calls.push(call);
  };

function hostOf(world: World): HostActivities {
  const act = acting(world);
  const { things } = world;
  const make = (call: string, thing: string) => act(call, () => void things.add(thing));
  const drop = (call: string, thing: string) => act(call, () => void things.delete(thing));
  const lease = (nic: Nic): string => `lease ${nic.mac}`;
  return {
    ensureVolume: (d: Disk) => make(`ensureVolume:${d.diskId}`, `volume ${d.volume}`),
    removeVolume: (d) => drop(`removeVolume:${(d as Disk).diskId}`, `volume ${d.volume}`),
    formatVolume: (d: Disk) => act(`formatVolume:${d.diskId}`),
    install: ({ vm }) => make('install', `boot ${vm}`),
    build: ({ base }) => make('build', `boot ${base}`),
    copyBootFiles: ({ vm }) => make('copyBootFiles', `boot ${vm}`),
    removeBootFiles: (vm) => drop('removeBootFiles', `boot ${vm}`),
    removeBaseFiles: (base) => drop('removeBaseFiles', `boot ${base}`),
    ensureNics: (nics) =>
      act('ensureNics', () => {
        for (const nic of nics) things.add(lease(nic));
      }),
    removeLeases: (nics) =>
      act('removeLeases', () => {
        for (const nic of nics) things.delete(lease(nic));
      }),
    removeNetwork: (vni: Vni) => drop('removeNetwork', `network ${vni}`),
    writeSeed: (vm) => make('writeSeed', `seed ${vm}`),
    removeSeed: (vm) => drop('removeSeed', `seed ${vm}`),
    defineDomain: async (cmd) => {
      await make('defineDomain', `domain ${cmd.vm}`);
      return '<domain/>';
    },
    undefineDomain: (vm) =>
      act('undefineDomain', () => {
        things.delete(`domain ${vm}`);
        things.delete(`running ${vm}`);
      }),
    startDomain: (vm) => make('startDomain', `running ${vm}`),
    stopDomain: (vm) => drop('stopDomain', `running ${vm}`),
    shutdownDomain: async ({ vm }) => {
      await drop('shutdownDomain', `running ${vm}`);
      return true;
    },
    awaitGuest: () => act('awaitGuest'),
    probeGuest: async () => true,
    ensureSnapshot: ({ snapshot }) => make('ensureSnapshot', `snapshot ${snapshot}`),
    removeSnapshot: ({ snapshot }) => drop('removeSnapshot', `snapshot ${snapshot}`),
    revertDomain: () => act('revertDomain'),
    attachDisk: async ({ disk }) => {
      await make(`attachDisk:${disk.diskId}`, `attached ${disk.volume}`);
      return '<domain/>';
    },
    detachDisk: async ({ disk }) => {
      await drop(`detachDisk:${disk.diskId}`, `attached ${disk.volume}`);
      return '<domain/>';
    },
  };
}

function controlOf(world: World): ControlActivities & NoteActivities {
  const act = acting(world);
  const { things, outcomes, vms } = world;
  return {
    beginTask: () => act('beginTask'),
    beginCreation: async (cmd: CreateVm) => {
      await act('beginCreation', () => void things.add(`reservation ${cmd.vm}`));
      return world.begins;
    },
    takeTurn: async () => ({ mine: true, called: [] }),
    passTurn: async () => [],
    finishTask: (task, outcome) =>
      act('finishTask', () => {
        if (outcomes.has(task)) return;
        outcomes.set(task, outcome);
        if (outcome.made) vms.set(outcome.made.vm, outcome.made.state);
      }),
    release: (vm) => act('release', () => void things.delete(`reservation ${vm}`)),
    reserveDisk: ({ disk }) => act('reserveDisk', () => void things.add(`reservation ${disk.volume}`)),
    releaseDisk: ({ volume }) => act('releaseDisk', () => void things.delete(`reservation ${volume}`)),
    recordDefined: () => act('recordDefined'),
    recordVm: (vm, state, reason) => act('recordVm', () => void vms.set(vm, reason ? `${state}: ${reason}` : state)),
    forgetVm: (vm) =>
      act('forgetVm', () => {
        vms.delete(vm);
        things.delete(`reservation ${vm}`);
      }),
    forgetNetwork: () => act('forgetNetwork'),
    forgetVolume: () => act('forgetVolume'),
    noteProgress: async (_task, progress) => void world.progress.push(progress),
    ...basesOf(world, act),
  };
}

function basesOf({ bases }: World, act: Act): BaseActivities {
  return {
    claimBase: async (base: BaseKey, _node: NodeName, waiter: string) => {
      await act('claimBase');
      const known = bases.get(base);
      if (known?.ready) return { is: 'ready' };
      if (known) {
        known.waiters.add(waiter);
        return { is: 'wait', build: known.build };
      }
      const build = crypto.randomUUID() as string as TaskId;
      bases.set(base, { ready: false, build, waiters: new Set([waiter]) });
      return { is: 'build', build };
    },
    leaveBase: async (base, _node, waiter) => {
      await act('leaveBase');
      const known = bases.get(base);
      if (!known || known.ready) return null;
      known.waiters.delete(waiter);
      return known.waiters.size === 0 ? known.build : null;
    },
    settleBase: async (base, _node, failure) => {
      await act('settleBase');
      const known = bases.get(base);
      const waiters = [...(known?.waiters ?? [])];
      if (known) known.ready = failure === null;
      if (failure !== null) bases.delete(base);
      return waiters;
    },
    forgetBase: (base) => act('forgetBase', () => void bases.delete(base)),
  };
}
