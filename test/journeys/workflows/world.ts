import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import pino from 'pino';
import { type ControlActivities, controlActivities } from '../../../activities/control.ts';
import { storeControlPlane } from '../../../activities/control-plane.ts';
import { sim as simHypervisor } from '../../../activities/drivers/hypervisor/sim.ts';
import { sim as simInstaller } from '../../../activities/drivers/installer/sim.ts';
import { sim as simNetwork } from '../../../activities/drivers/network/sim.ts';
import { sim as simStorage } from '../../../activities/drivers/storage/sim.ts';
import { type HostActivities, hostActivities } from '../../../activities/host.ts';
import { poolActivities } from '../../../activities/pool.ts';
import type { Services } from '../../../api/core/services.ts';
import { startSoon } from '../../../api/core/start.ts';
import { parseConfig } from '../../../cli/config/load.ts';
import { composeCore } from '../../../cli/process/core.ts';
import { workflowBundle } from '../../../cli/temporal/bundle.ts';
import { loadKey } from '../../../cli/temporal/codec.ts';
import { clientOver, connectClient, connectWorkers } from '../../../cli/temporal/connection.ts';
import { devServer } from '../../../cli/temporal/dev-server.ts';
import { controlWorker, installRuntime, nodeWorker, type RunningWorker } from '../../../cli/temporal/worker.ts';
import type { NodeName } from '../../../domain/ids.ts';
import { workflowId } from '../../../domain/task.ts';
import { openStore, type Store } from '../../../store/open.ts';
import type { TaskRow } from '../../../store/task.ts';
import { acceptChange, acceptCreation, furnish, taskOf } from './accept.ts';
import { type Snapshot, snapshot } from './snapshot.ts';
import { type Tamper, tamper } from './tamper.ts';

export type Activities = HostActivities & ControlActivities;

/** A whole installation without its API: Temporal, store and workers are real, the drivers are the simulators. */
export interface World {
  readonly store: Store;
  readonly services: Services;
  /** The VM pool's keeper takes a turn now. */
  readonly wakePool: (pool: string) => Promise<void>;
  readonly client: Client;
  readonly dir: string;
  readonly tamper: Tamper;
  /** Starts the accepted task; resolves with its row when its workflow has ended, however. */
  readonly run: (accepted: Promise<TaskRow> | TaskRow) => Promise<TaskRow>;
  readonly start: (accepted: Promise<TaskRow> | TaskRow) => Promise<TaskRow>;
  readonly ended: (task: TaskRow) => Promise<TaskRow>;
  readonly cancel: (task: TaskRow) => Promise<void>;
  readonly task: (task: TaskRow) => Promise<TaskRow>;
  /** Resolves once this holds; looks whenever the store changes. */
  readonly until: (settled: () => Promise<boolean>) => Promise<void>;
  /** What exists now, save the tasks. */
  readonly snapshot: () => Snapshot;
  readonly stopNode: () => Promise<void>;
  readonly startNode: () => Promise<void>;
  /** The control worker ends, and one of these workflows begins. */
  readonly upgrade: (codePath: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export const NODES = ['hv1', 'hv2'] as NodeName[];
const log = pino({ level: process.env.SLIPWAY_TEST_LOG ?? 'silent' }, pino.destination(2));

let installed = false;
function runtimeOnce(): void {
  if (!installed) installRuntime(log, null);
  installed = true;
}

/** The simulated node `name`; what it runs may be tampered with. */
function hostOf(dir: string, name: NodeName, store: Store): HostActivities {
  const stepMs = 0;
  const at = (part: string): string => join(dir, 'sim', name, part);
  return hostActivities({
    dir: join(dir, 'nodes', name),
    storage: async (pool) => simStorage({ dir: join(at('pools'), pool), stepMs }),
    hypervisor: simHypervisor({ dir: at('hypervisor'), stepMs }),
    network: simNetwork({ dir: at('network'), stepMs }),
    installer: simInstaller({ stepMs }),
    controlPlane: storeControlPlane(store),
    writeSeed: (path, seed) => writeFile(path, JSON.stringify(seed)),
    concurrency: 4,
    started: () => undefined,
    warn: (message, err) => log.warn({ err }, message),
  });
}

export interface WorldOptions {
  /** Hex key instead of a fresh one, for histories that are to be read again. */
  readonly key?: string;
}

/** Starts a world of two nodes that has seen one VM, so that what stays for good is there already. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'slipway-workflows-'));
  const closers: Closer[] = [() => rm(dir, { recursive: true, force: true })];
  const close = () => closeAll(closers);
  try {
    const world = { ...(await build(dir, options, closers)), close };
    await keepNodes(world);
    await settleIn(world);
    return world;
  } catch (error) {
    await close();
    throw error;
  }
}

type Closer = () => Promise<unknown>;

/** Latest first, each whatever becomes of the others: a worker with a stuck test must not leave a server behind. */
async function closeAll(closers: readonly Closer[]): Promise<void> {
  const failed: unknown[] = [];
  for (const closer of closers.toReversed()) await closer().catch((error: unknown) => failed.push(error));
  if (failed.length > 0) throw new AggregateError(failed, 'the world was not taken down in order');
}

async function build(dir: string, { key: keyText }: WorldOptions, closers: Closer[]): Promise<Omit<World, 'close'>> {
  runtimeOnce();
  if (keyText) await writeFile(join(dir, 'payload.key'), keyText);
  const server = await devServer(dir);
  closers.push(server.stop);
  const key = await loadKey(dir);
  const { client, close: disconnect } = await connectClient({ address: server.address, namespace: 'default' }, key);
  closers.push(disconnect);
  const connection = await connectWorkers({ address: server.address, namespace: 'default' });
  closers.push(() => connection.close());
  const store = openStore(join(dir, 'slipway.db'));
  closers.push(store.close);
  await furnish(store);
  const tampered = tamper();
  const shared = { connection, namespace: 'default', key, controlPlane: storeControlPlane(store), log, graceMs: 100 };
  const bundle = await workflowBundle(join(dir, 'bundle'));
  const { jobs, pools, services } = composeCore(
    { log, config: parseConfig('defaults', '') },
    store,
    { client: clientOver(connection, 'default', key), near: true, key },
    null,
  );
  const controlled = {
    ...controlActivities(store, { start: (task) => startSoon({ store, jobs, log }, task), wakePool: pools.wake }),
    ...poolActivities(pools.keeper, jobs.wakePool),
  };
  const startControl = (codePath: string) =>
    controlWorker({ ...shared, bundle: { codePath, fresh: false }, activities: tampered.wrap(controlled, false) });
  let control = await startControl(bundle.codePath);
  closers.push(() => control.stop());
  const activities = (name: NodeName) => tampered.wrap(hostOf(dir, name, store), true);
  const startNode = (name: NodeName) => nodeWorker({ ...shared, node: name, activities: activities(name) });
  const nodes = new Map<NodeName, RunningWorker>();
  for (const name of NODES) {
    nodes.set(name, await startNode(name));
    closers.push(async () => nodes.get(name)?.stop());
  }

  const start = async (accepted: Promise<TaskRow> | TaskRow): Promise<TaskRow> => {
    const task = await accepted;
    await jobs.start({ id: task.id, kind: task.kind, target: task.target, input: task.input });
    return task;
  };
  const ended = async (task: TaskRow): Promise<TaskRow> => {
    const result = client.workflow.getHandle(workflowId(task.id)).result();
    await result.catch(() => undefined);
    return taskOf(store, task.id);
  };
  return {
    ...{ store, client, dir, tamper: tampered, services, start, ended },
    wakePool: jobs.wakePool,
    run: async (accepted) => ended(await start(accepted)),
    task: (task) => taskOf(store, task.id),
    until: (settled) => until(store, settled),
    cancel: (task) => jobs.cancel(task.id),
    snapshot: () => snapshot(join(dir, 'slipway.db'), [join(dir, 'nodes'), join(dir, 'sim')]),
    stopNode: async () => nodes.get(NODES[0]!)?.stop(),
    startNode: async () => void nodes.set(NODES[0]!, await startNode(NODES[0]!)),
    upgrade: async (codePath) => {
      await control.stop();
      control = await startControl(codePath);
    },
  };
}

async function until(store: Store, settled: () => Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(40_000);
  for (;;) {
    const seen = store.changes.seen();
    if (await settled()) return;
    deadline.throwIfAborted();
    await store.changes.after(seen, deadline);
  }
}

/** The control plane hears of the nodes, as their agents would see to it. */
export async function keepNodes({ store }: Pick<World, 'store'>, creations?: number): Promise<void> {
  for (const name of NODES) {
    const hypervisor = simHypervisor({ dir: 'unused' });
    const facts = { ...(await hypervisor.facts()), ...(creations === undefined ? {} : { creations }) };
    const usage = { load: 0, memoryUsed: 0, memoryFree: facts.memory };
    await storeControlPlane(store).keepalive({ name, facts, ...usage, askedAt: 0, running: [], pools: [] });
  }
}

/** The first VM leaves its network's files behind on the node: networks stay. */
async function settleIn(world: World): Promise<void> {
  const made = await world.run(acceptCreation(world.store, {}));
  const { vm } = made.input as { vm: never };
  const gone = await world.run(acceptChange(world.store, vm, 'delete'));
  if (made.state !== 'SUCCESS' || gone.state !== 'SUCCESS')
    throw new Error(`the world does not work: ${made.error ?? gone.error}`);
}
