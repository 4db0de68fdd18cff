import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { storeControlPlane } from '../../activities/control-plane.ts';
import { hostActivities } from '../../activities/host.ts';
import { startLater, startWithNode } from '../../api/core/autostart.ts';
import type { ControlPlane } from '../../domain/control-plane.ts';
import type { NodeName } from '../../domain/ids.ts';
import type { Jobs } from '../../domain/jobs.ts';
import type { Store } from '../../store/open.ts';
import { listStoragePools } from '../../store/storage-pool.ts';
import { nodeWorker } from '../temporal/worker.ts';
import { startAgent } from './agent.ts';
import { isFirstOfBoot, rememberBoot } from './boot.ts';
import type { NodeDrivers } from './drivers.ts';
import type { EngineConnection } from './engine.ts';
import type { Running } from './running.ts';
import type { Settings } from './settings.ts';

export interface NodeDeps {
  readonly settings: Settings;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly engine: EngineConnection;
  readonly name: NodeName;
  readonly drivers: NodeDrivers;
}

/** Takes up the work of one node, once the control plane knows it. */
export async function startNode(deps: NodeDeps): Promise<readonly Running[]> {
  const { settings, store, engine, name, drivers } = deps;
  const { log, paths, config } = settings;
  const controlPlane = storeControlPlane(store);
  const dir = paths.node(name);
  mkdirSync(dir, { recursive: true });
  const storage = storageOf(controlPlane, drivers);
  const agent = await startAgent({
    ...{ name, controlPlane, storage, log },
    hypervisor: drivers.hypervisor,
    network: drivers.network,
    creations: config.node.concurrent_creations,
    pools: async () => (await listStoragePools(store.read)).map((pool) => pool.name),
  });
  const activities = hostActivities({
    ...{ dir, controlPlane, storage },
    hypervisor: drivers.hypervisor,
    network: drivers.network,
    installer: drivers.installer,
    writeSeed: drivers.writeSeed,
    concurrency: config.node.concurrent_creations,
    started: agent.started,
    warn: (message, error) => log.warn({ err: error, node: name }, message),
  });
  const worker = await nodeWorker({ ...(await engine.forWorkers()), controlPlane, node: name, activities, log });
  return [agent, { name: `worker of ${name}`, ...worker }, await startGuests(deps)];
}

/** After a boot, what starts with the node is started; it is remembered last, so that a node that dies before does it again. */
async function startGuests({ settings: { log, paths }, store, jobs, name }: NodeDeps): Promise<Running> {
  const stopping = new AbortController();
  const stopped = once(stopping.signal, 'abort');
  const file = paths.nodeBoot(name);
  let rest = Promise.resolve();
  if (isFirstOfBoot(file)) {
    const parts = { store, jobs, log };
    const { begun, later } = await startWithNode(parts, name);
    if (begun.length + later.length > 0) log.info({ node: name, vms: begun, later }, 'VMs start with their node');
    rest = startLater(parts, later, stopping.signal).then(() => {
      if (!stopping.signal.aborted) rememberBoot(file);
    });
    if (later.length === 0) await rest;
  }
  return {
    name: `guests of ${name}`,
    // Also when all have been started: nothing but a failure ends a node.
    ended: Promise.all([rest, stopped]).then(() => undefined),
    stop: async () => {
      stopping.abort();
      await rest;
    },
  };
}

/** Pools do not change their kind or place: each is asked for once. */
function storageOf(controlPlane: Pick<ControlPlane, 'storagePool'>, { storage }: NodeDrivers) {
  const known = new Map<string, ReturnType<typeof storage>>();
  return async (pool: string) => {
    const driver = known.get(pool) ?? storage(await controlPlane.storagePool(pool));
    known.set(pool, driver);
    return driver;
  };
}
