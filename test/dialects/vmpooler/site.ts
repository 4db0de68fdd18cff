import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Services } from '../../../api/core/services.ts';

import { MANNERS } from '../../../api/dialects/vmpooler/route.ts';
import { vmpoolerSite } from '../../../api/dialects/vmpooler/site.ts';
import { statusRoutes } from '../../../api/dialects/vmpooler/status.ts';
import { summaryRoutes } from '../../../api/dialects/vmpooler/summary.ts';
import { createApp } from '../../../api/http/app.ts';
import { appMetrics } from '../../../api/http/metrics.ts';
import { registerPoolMetrics } from '../../../api/http/pool-metrics.ts';
import type { Store } from '../../../store/open.ts';
import { coreOver, recordingJobs } from '../../api/core/cluster.ts';

export interface Site {
  readonly store: Store;
  readonly services: Services;
  readonly origin: string;
  /** Ends the server; the store stays. */
  stop(): Promise<void>;
}

/** What statistics are served of, un-prefixed, over a store that is already open; on a free port unless told. */
export async function site(store: Store, port = 0, log = pino({ level: 'silent' })): Promise<Site> {
  const services = coreOver(store, recordingJobs(), log);
  const registry = new Registry();
  registerPoolMetrics(registry, services.poolStats);
  const metrics = appMetrics(registry);
  const beside = vmpoolerSite({ stats: services.poolStats, metrics }, '/');
  const closing = new AbortController();
  const app = createApp({
    dialects: [
      {
        ...beside,
        name: 'vmpooler',
        manners: MANNERS,
        routes: [...statusRoutes(services.poolStats, Date.now()), ...summaryRoutes(services.poolStats)],
      },
      beside,
    ],
    authenticate: async () => null,
    logger: log,
    version: '0',
    metrics,
    closing: closing.signal,
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    ...{ store, services },
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
