import type { ControlPlane, InstallInput } from '../domain/control-plane.ts';
import { notFound } from '../domain/fault.ts';
import type { BaseKey, TaskId, VmId } from '../domain/ids.ts';
import { vmIdOf } from '../domain/name.ts';
import type { NodeReport } from '../domain/node.ts';
import { type Progress, taskOfWorkflow } from '../domain/task.ts';
import { findRecipe, waitersOfBuild } from '../store/base-image.ts';
import { appendToConsole, resumeConsole } from '../store/console.ts';
import { findGuest } from '../store/guest.ts';
import { findNetwork } from '../store/network.ts';
import { nicsOf, vnisOfNode } from '../store/nic.ts';
import { listNodes, setPoolCapacity, upsertNode } from '../store/node.ts';
import type { Db, Store } from '../store/open.ts';
import { findStoragePool } from '../store/storage-pool.ts';
import { advanceTask, appendTaskLog, findTask, remarkTask } from '../store/task.ts';
import { contentOf } from '../store/text.ts';
import { findVm, memoryOfVms, observeRunning } from '../store/vm.ts';
import { disksOf } from '../store/volume.ts';
import { renderSeed } from '../templates/cloud-init/seed.ts';

/**
 * What nodes ask and tell, over the store. Every call is one transaction and may be repeated; what is only told of the world
 * need not survive a power cut, since the world is asked again.
 */
export function storeControlPlane(store: Store): ControlPlane {
  return {
    keepalive: (report) => store.write((tx) => keepNode(tx, report), 'told'),
    appendLog: (task, lines) =>
      store.write(async (tx) => {
        if (!(await findTask(tx, task))) throw notFound('task', task);
        for (const one of await withWaiters(tx, task)) await appendTaskLog(tx, one, lines);
      }, 'told'),
    progress: (task, progress) => store.write((tx) => tell(tx, task, progress), 'told'),
    remark: (task, status) =>
      store.write(async (tx) => {
        for (const one of await withWaiters(tx, task)) await remarkTask(tx, one, status);
      }, 'told'),
    resumeConsole: (vm, text) =>
      store.write(async (tx) => ((await findVm(tx, vm)) ? resumeConsole(tx, vm, text) : 0), 'told'),
    appendConsole: (vm, offset, text) =>
      store.write(async (tx) => {
        // A guest's last words may come after its VM was forgotten.
        if (await findVm(tx, vm)) await appendToConsole(tx, vm, offset, text);
      }, 'told'),
    installInput: (vm) => installInput(store.read, vm),
    buildInput: (base) => buildInput(store.read, base),
    seedInput: async (vm) => {
      const guest = await findGuest(store.read, vm);
      if (!guest) throw notFound('VM', vm);
      return renderSeed(guest);
    },
    network: async (vni) => {
      const found = await findNetwork(store.read, vni);
      if (!found) throw notFound('network', String(vni));
      const { removing: _, ...network } = found;
      return network;
    },
    storagePool: async (name) => {
      const pool = await findStoragePool(store.read, name);
      if (!pool) throw notFound('storage pool', name);
      return pool;
    },
    networksOf: (node) => vnisOfNode(store.read, node),
  };
}

/** Creations that wait for what this task builds: what it says, they say. */
const waitersFor = async (tx: Db, build: TaskId): Promise<readonly TaskId[]> =>
  (await waitersOfBuild(tx, build)).map(taskOfWorkflow);

/** All that are told the same. */
const withWaiters = async (tx: Db, task: TaskId): Promise<readonly TaskId[]> => [task, ...(await waitersFor(tx, task))];

async function tell(tx: Db, id: TaskId, progress: Progress): Promise<void> {
  await advanceTask(tx, id, progress);
  const { status, current, total } = progress;
  for (const waiter of await waitersFor(tx, id)) {
    const task = await findTask(tx, waiter);
    if (!task) continue;
    const now = `base image: ${status} (${current}/${total})`;
    await advanceTask(tx, waiter, { current: task.current, total: task.total, status: now });
  }
}

async function keepNode(tx: Db, report: NodeReport): Promise<void> {
  const known = await listNodes(tx);
  const primary = known.find((node) => node.coordinatorState === 'primary');
  const { name, facts, load, memoryUsed, memoryFree } = report;
  await upsertNode(tx, {
    ...{ name, facts, load, memoryUsed, memoryFree },
    driver: facts.accel === 'sim' ? 'sim' : 'libvirt',
    daemonState: 'run',
    coordinatorState: primary === undefined ? 'primary' : 'client',
    domainState: 'ready',
    // Guests take what they touch, at most what they were given: the rest of what is used is not theirs.
    memoryOther: Math.max(0, Math.round(memoryUsed - (await memoryOfVms(tx, report.running)))),
    seenAt: Date.now(),
  });
  for (const pool of report.pools ?? []) await setPoolCapacity(tx, name, pool);
  await observeRunning(tx, name, report.running, report.askedAt);
}

async function installInput(db: Db, id: VmId): Promise<InstallInput> {
  const vm = await findVm(db, id);
  if (!vm) throw notFound('VM', id);
  const script = vm.scriptSha256 === null ? undefined : await contentOf(db, vm.scriptSha256);
  if (script === undefined) throw notFound('script of VM', vm.name);
  const nics = await nicsOf(db, [id]);
  return {
    script,
    vmName: vm.name,
    vmId: vmIdOf(vm.name),
    disks: await disksOf(db, id),
    vnis: nics.map((nic) => nic.vni),
    args: vm.args,
  };
}

async function buildInput(db: Db, key: BaseKey): Promise<InstallInput> {
  const recipe = await findRecipe(db, key);
  const script = recipe && (await contentOf(db, recipe.scriptSha256));
  if (!recipe || script === undefined) throw notFound('base image', key);
  return { script, vmName: null, vmId: 0, disks: recipe.disks, vnis: [], args: recipe.args };
}
