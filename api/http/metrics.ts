import { Gauge, Histogram, type Registry } from 'prom-client';
import type { TaskState } from '../../domain/task.ts';

export interface AppMetrics {
  /** Everything, in Prometheus' text format. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
  readonly observe: (
    labels: { readonly dialect: string; readonly method: string; readonly route: string; readonly status: number },
    seconds: number,
  ) => void;
}

/** Registers the API's own metrics: request durations by route, and tasks by state, counted when asked for; `more` is appended. */
export function appMetrics(
  registry: Registry,
  countTasks?: () => Promise<Readonly<Record<TaskState, number>>>,
  more?: () => Promise<string>,
): AppMetrics {
  const duration = new Histogram({
    name: 'slipway_http_request_duration_seconds',
    help: 'Duration of HTTP requests, by route.',
    labelNames: ['dialect', 'method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  if (countTasks !== undefined) {
    new Gauge({
      name: 'slipway_tasks',
      help: 'Tasks, by state.',
      labelNames: ['state'] as const,
      registers: [registry],
      async collect() {
        for (const [state, count] of Object.entries(await countTasks())) this.set({ state }, count);
      },
    });
  }
  return {
    text: async () => (await registry.metrics()) + ((await more?.()) ?? ''),
    contentType: registry.contentType,
    observe: ({ dialect, method, route, status }, seconds) =>
      duration.observe({ dialect, method, route, status: String(status) }, seconds),
  };
}
