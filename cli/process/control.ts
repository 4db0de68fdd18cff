import { controlActivities } from '../../activities/control.ts';
import { storeControlPlane } from '../../activities/control-plane.ts';
import { sweep } from '../../api/core/sweeper.ts';
import type { Jobs } from '../../domain/jobs.ts';
import type { Store } from '../../store/open.ts';
import { workflowBundle } from '../temporal/bundle.ts';
import { controlWorker, sdkLogger } from '../temporal/worker.ts';
import type { EngineConnection } from './engine.ts';
import type { Running } from './running.ts';
import type { Settings } from './settings.ts';

export interface ControlDeps {
  readonly settings: Settings;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly engine: EngineConnection;
}

/** How often is looked for tasks that were accepted and never started: only what a process that died left is found. */
const SWEEP_MS = 5_000;

/** Runs workflows and the activities that touch the store; starts what was accepted but never started. */
export async function startControl({ settings, store, jobs, engine }: ControlDeps): Promise<readonly Running[]> {
  const { log, paths } = settings;
  const bundle = await workflowBundle(paths.cache, sdkLogger(log));
  const worker = await controlWorker({
    ...(await engine.forWorkers()),
    controlPlane: storeControlPlane(store),
    activities: controlActivities(store),
    bundle,
    log,
  });
  return [{ name: 'control worker', ...worker }, sweeping({ settings, store, jobs })];
}

/** The next sweep begins SWEEP_MS after the last one has ended. */
function sweeping({ settings, store, jobs }: Omit<ControlDeps, 'engine'>): Running {
  const { log } = settings;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  const again = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = sweep(store, jobs, { log })
        .then(({ told }) => {
          if (told > 0) log.info({ told }, 'tasks that were accepted and never started are started now');
        })
        .catch((error: unknown) => log.error({ err: error }, 'a sweep failed'))
        .finally(again);
    }, SWEEP_MS);
  };
  again();
  return {
    name: 'sweeper',
    ended: new Promise(() => undefined),
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
