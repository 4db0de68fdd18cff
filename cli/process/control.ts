import { controlActivities } from '../../activities/control.ts';
import { storeControlPlane } from '../../activities/control-plane.ts';
import { poolActivities } from '../../activities/pool.ts';
import { settleLost } from '../../api/core/lost.ts';
import { startSoon } from '../../api/core/start.ts';
import { sweep } from '../../api/core/sweeper.ts';
import { samplePools, tidyHistory } from '../../api/core/vm-pool/history.ts';
import type { Jobs } from '../../domain/jobs.ts';
import type { Store } from '../../store/open.ts';
import { workflowBundle } from '../temporal/bundle.ts';
import { controlWorker, sdkLogger } from '../temporal/worker.ts';
import { again } from './again.ts';
import { type Pools, wakeAll } from './core.ts';
import type { EngineConnection } from './engine.ts';
import type { Running } from './running.ts';
import type { Settings } from './settings.ts';

export interface ControlDeps {
  readonly settings: Settings;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly engine: EngineConnection;
  readonly pools: Pools;
}

/** Looked for now and then, since nobody is left who could tell of it: what a process that died left undone. */
const SWEEP_MS = 5_000;
/** Asks the engine about each task that goes on, so seldom. */
const LOST_MS = 60_000;
/** The net under the signals that wake pools' keepers. */
const POOLS_MS = 60_000;
/** A server that came back without its database has nothing of what was made in it at the start. */
const PREPARE_MS = 10_000;
/** A moment has one row, so it is written down more often than once a minute: none is missed. */
const SAMPLE_MS = 20_000;
const TIDY_MS = 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** Runs workflows and the activities that touch the store; starts what was accepted but never started. */
export async function startControl({ settings, store, jobs, engine, pools }: ControlDeps): Promise<readonly Running[]> {
  const { log, paths } = settings;
  const bundle = await workflowBundle(paths.cache, sdkLogger(log));
  const worker = await controlWorker({
    ...(await engine.forWorkers()),
    controlPlane: storeControlPlane(store),
    activities: {
      ...controlActivities(store, { start: (task) => startSoon({ store, jobs, log }, task), wakePool: pools.wake }),
      ...poolActivities(pools.keeper, jobs.wakePool),
    },
    bundle,
    log,
  });
  await jobs.schedulePools(POOLS_MS);
  await wakeAll(pools);
  const unusedBaseMs = settings.config.base_images.unused_days * DAY_MS;
  return [
    { name: 'control worker', ...worker },
    again('sweeper', SWEEP_MS, log, () => sweep(store, jobs, { log, unusedBaseMs })),
    again('search for lost tasks', LOST_MS, log, () => settleLost(store, jobs, undefined, log)),
    again('preparation of Temporal', PREPARE_MS, log, async () => {
      await engine.prepare();
      await jobs.schedulePools(POOLS_MS);
    }),
    again('history of VM pools', SAMPLE_MS, log, () => samplePools(store, Date.now())),
    again('tidying of histories', TIDY_MS, log, () => tidyHistory(store, Date.now())),
  ];
}
