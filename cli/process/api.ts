import { Registry } from 'prom-client';
import type { Services } from '../../api/core/services.ts';
import { pvc } from '../../api/dialects/pvc/pvc.ts';
import { vmpoolerSite } from '../../api/dialects/vmpooler/site.ts';
import { createApp } from '../../api/http/app.ts';
import { appMetrics } from '../../api/http/metrics.ts';
import { countCheckouts, registerPoolMetrics } from '../../api/http/pool-metrics.ts';
import { authenticator } from '../../api/http/principal.ts';
import { metadataApp } from '../../api/metadata/app.ts';
import type { Store } from '../../store/open.ts';
import { countTasks } from '../../store/task.ts';
import type { Endpoint } from '../instance/ports.ts';
import { packageVersion } from '../package-root.ts';
import type { EngineConnection } from './engine.ts';
import { listen } from './http-server.ts';
import { guestRecords } from './metadata.ts';
import type { Running } from './running.ts';
import type { Settings } from './settings.ts';

export interface ApiDeps {
  readonly settings: Settings;
  readonly store: Store;
  readonly services: Services;
  readonly engine: EngineConnection;
  readonly listen: Endpoint;
  readonly metadata: Endpoint;
  /** Metrics of other parts of this process, in Prometheus' text format. */
  readonly moreMetrics?: () => Promise<string>;
}

/** Serves every dialect, and the metadata service; resolves when both listen. */
export async function startApi(deps: ApiDeps): Promise<readonly Running[]> {
  const { settings, store, engine, metadata } = deps;
  const closing = new AbortController();
  const app = await listen(apiApp(deps, closing.signal), {
    name: 'API',
    option: '--listen',
    endpoint: deps.listen,
    ssl: settings.config.api.ssl,
  });
  const guests = metadataApp({ lookup: guestRecords(store), logger: settings.log, secret: engine.key.key });
  const metadataServer = await listen(guests, {
    name: 'metadata service',
    option: '--metadata',
    endpoint: metadata,
  }).catch(async (error: unknown) => {
    await app.stop();
    throw error;
  });
  const stop = async (): Promise<void> => {
    // Event streams would go on for as long as their tasks.
    closing.abort();
    await app.stop();
  };
  return [{ ...app, stop }, metadataServer];
}

function apiApp({ settings, services: core, store, engine, moreMetrics }: ApiDeps, closing: AbortSignal) {
  const { authentication, pvc: settingsOfPvc } = settings.config.api;
  const version = packageVersion();
  const registry = new Registry();
  const services = { ...core, checkouts: countCheckouts(registry, core.checkouts) };
  registerPoolMetrics(registry, services.poolStats);
  const metrics = appMetrics(registry, () => countTasks(store.read), moreMetrics);
  const dialect = pvc(services, {
    failureStatus: settingsOfPvc.failure_status,
    authentication: authentication.enabled,
    version,
  });
  return createApp({
    dialects: [dialect, vmpoolerSite({ stats: services.poolStats, metrics }, '/vmpooler')],
    authenticate: authenticator(services.tokens, authentication.enabled),
    logger: settings.log,
    version,
    metrics,
    checks: [
      { name: 'store', check: async () => void (await countTasks(store.read)) },
      { name: 'temporal', check: engine.check },
    ],
    closing,
  });
}
