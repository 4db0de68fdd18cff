import type { StatsService } from '../../core/vm-pool/stats.ts';
import type { Dialect } from '../../http/dialect.ts';
import type { Reply } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import { z } from '../../http/zod.ts';
import { dashboardRoutes } from './dashboard.ts';

export interface SiteParts {
  readonly stats: StatsService;
  /** Everything in Prometheus' text format, with its content type. */
  readonly metrics: { readonly text: () => Promise<string>; readonly contentType: string };
}

/** What vmpooler serves beside its API: the dashboard, its metrics, its pulse. */
export const siteRoutes = ({ stats, metrics }: SiteParts): readonly Route[] => [
  ...dashboardRoutes(stats),
  route(
    'get',
    '/prometheus',
    {
      ...{ tag: 'metrics', summary: "Metrics in Prometheus' format", auth: 'none' },
      responses: { 200: { description: 'As `/metrics`.', schema: z.string(), type: 'text/plain' } },
    },
    async () => ({ status: 200, type: metrics.contentType, text: await metrics.text() }),
  ),
  route(
    'get',
    '/healthcheck',
    {
      ...{ tag: 'metrics', summary: 'Whether the service answers', auth: 'none' },
      responses: { 200: { description: 'It does.', schema: z.object({ ok: z.literal(true) }) } },
    },
    // From the store, so that it tells more than that the process lives.
    async () => {
      await stats.status();
      return { status: 200, body: { ok: true } };
    },
  ),
];

/** The same by itself, to be mounted beside other APIs. */
export const vmpoolerSite = (parts: SiteParts, mount: string): Dialect => ({
  name: 'vmpooler-site',
  title: 'VM pools: dashboard and metrics',
  description: 'Pages and metrics of VM pools; open to anyone.',
  mounts: [mount],
  manners: { otherMethods: 'unknown' },
  routes: siteRoutes(parts),
  failure: ({ status, message }): Reply => ({ status, body: { ok: false, message } }),
  failureSchema: z.object({ ok: z.literal(false), message: z.string() }).openapi('PoolerSiteFailure'),
});
