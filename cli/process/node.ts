import { mkdirSync } from 'node:fs';
import { storeControlPlane } from '../../activities/control-plane.ts';
import { hostActivities } from '../../activities/host.ts';
import type { ControlPlane } from '../../domain/control-plane.ts';
import type { NodeName } from '../../domain/ids.ts';
import type { Store } from '../../store/open.ts';
import { listStoragePools } from '../../store/storage-pool.ts';
import { nodeWorker } from '../temporal/worker.ts';
import { startAgent } from './agent.ts';
import type { NodeDrivers } from './drivers.ts';
import type { EngineConnection } from './engine.ts';
import type { Running } from './running.ts';
import type { Settings } from './settings.ts';

export interface NodeDeps {
  readonly settings: Settings;
  readonly store: Store;
  readonly engine: EngineConnection;
  readonly name: NodeName;
  readonly drivers: NodeDrivers;
}

/** Takes up the work of one node, once the control plane knows it. */
export async function startNode({ settings, store, engine, name, drivers }: NodeDeps): Promise<readonly Running[]> {
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
  return [agent, { name: `worker of ${name}`, ...worker }];
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
