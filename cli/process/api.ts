import type { Express } from 'express';
import { Registry } from 'prom-client';
import type { Services } from '../../api/core/services.ts';
import { pvc } from '../../api/dialects/pvc/pvc.ts';
import { vmpoolerSite } from '../../api/dialects/vmpooler/site.ts';
import { ALONE, BESIDE, vmpooler } from '../../api/dialects/vmpooler/vmpooler.ts';
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
import { type ListenOptions, listen, readPair, untimely } from './http-server.ts';
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
  /** Where vmpooler's API is by itself; null: nowhere. */
  readonly vmpooler: Endpoint | null;
  /** Metrics of other parts of this process, in Prometheus' text format. */
  readonly moreMetrics?: () => Promise<string>;
}

/** Serves every dialect, vmpooler's also by itself, and the metadata service; resolves when all listen. */
export async function startApi(deps: ApiDeps): Promise<readonly Running[]> {
  const { settings, store, engine } = deps;
  const { ssl } = settings.config.api;
  // It serves all the same: none at all would be no better.
  const why = ssl.enabled ? untimely(readPair(ssl).cert) : null;
  if (why !== null) settings.log.warn(`api.ssl.cert_file: ${ssl.cert_file} ${why}`);
  const closing = new AbortController();
  const guests = metadataApp({ lookup: guestRecords(store), logger: settings.log, secret: engine.key.key });
  const { everything, alone } = apiApps(deps, closing.signal);
  const begun: Running[] = [];
  const serve = async (app: Express, options: ListenOptions): Promise<void> => {
    begun.push(await listen(app, options));
  };
  const stop = async (one: Running): Promise<void> => {
    // Event streams would go on for as long as their tasks.
    closing.abort();
    await one.stop();
  };
  try {
    await serve(everything, { name: 'API', option: '--listen', endpoint: deps.listen, ssl });
    await serve(guests, { name: 'metadata service', option: '--metadata', endpoint: deps.metadata });
    if (deps.vmpooler) await serve(alone, { name: 'vmpooler', option: '--vmpooler', endpoint: deps.vmpooler, ssl });
  } catch (error) {
    await Promise.all(begun.map(stop));
    throw error;
  }
  return begun.map((one) => ({ ...one, stop: () => stop(one) }));
}

/** All dialects on one port, and vmpooler's by itself. */
function apiApps({ settings, services: core, store, engine, moreMetrics }: ApiDeps, closing: AbortSignal) {
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
  const site = { stats: services.poolStats, metrics };
  const shared = {
    authenticate: authenticator(services.tokens, authentication.enabled),
    logger: settings.log,
    version,
    metrics,
    checks: [
      { name: 'store', check: async () => void (await countTasks(store.read)) },
      { name: 'temporal', check: engine.check },
    ],
    closing,
  };
  return {
    everything: createApp({
      ...shared,
      dialects: [dialect, vmpooler(services, BESIDE), vmpoolerSite(site, '/vmpooler')],
    }),
    alone: createApp({ ...shared, dialects: [vmpooler(services, ALONE), vmpoolerSite(site, '/')] }),
  };
}
