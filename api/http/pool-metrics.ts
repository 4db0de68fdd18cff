import { Counter, Gauge, type Metric, type Registry } from 'prom-client';
import { DomainError } from '../../domain/fault.ts';
import { BUCKETS } from '../../domain/pool-stats.ts';
import type { CheckoutService } from '../core/vm-pool/checkout.ts';
import type { StatsService } from '../core/vm-pool/stats.ts';

/** Registers what the store knows of VM pools: the same in every process, so that one of them is enough to ask. */
export function registerPoolMetrics(registry: Registry, stats: StatsService): void {
  for (const [key, help] of [
    ['ready', 'VMs that may be checked out, by pool.'],
    ['pending', 'VMs on their way, by pool.'],
    ['running', 'VMs that are checked out, by pool.'],
    ['completed', 'VMs that are to be deleted, by pool.'],
    ['size', 'VMs that are to be ready, by pool.'],
    ['failures', 'Failures in a row of making VMs, by pool.'],
  ] as const) {
    new Gauge({
      name: `slipway_vm_pool_${key}`,
      help,
      labelNames: ['pool'] as const,
      registers: [registry],
      async collect() {
        this.reset();
        for (const pool of (await stats.status()).pools) this.set({ pool: pool.name }, pool[key]);
      },
    });
  }
  register(registry, {
    name: 'slipway_vm_pool_destroyed_total',
    help: 'VMs that were deleted, by pool.',
    type: 'counter',
    values: async () =>
      (await stats.totals())
        .filter(({ kind }) => kind === 'destroyed')
        .map(({ pool, count }) => ({ labels: { pool }, value: count })),
  });
  for (const [kind, name, help] of [
    ['clone', 'clone_seconds', 'Time to clone a VM, by pool.'],
    ['boot', 'time_to_ready_seconds', 'Time from the beginning of a clone until its VM is ready, by pool.'],
  ] as const)
    register(registry, {
      ...{ name: `slipway_vm_pool_${name}`, help, type: 'histogram' },
      values: () => histogram(stats, kind, `slipway_vm_pool_${name}`),
    });
}

interface Value {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

/** A metric whose values come from elsewhere as they are: prom-client's own counters and histograms can only be added to. */
function register(
  registry: Registry,
  metric: {
    readonly name: string;
    readonly help: string;
    readonly type: string;
    readonly values: () => Promise<readonly Value[]>;
  },
): void {
  const { name, help, type } = metric;
  const get = async () => ({ name, help, type, values: await metric.values(), aggregator: 'first' });
  registry.registerMetric({ name, get, reset: () => undefined } as unknown as Metric);
}

async function histogram(stats: StatsService, kind: keyof typeof BUCKETS, name: string): Promise<readonly Value[]> {
  const pools = Map.groupBy(
    (await stats.totals()).filter((row) => row.kind === kind),
    ({ pool }) => pool,
  );
  return [...pools].flatMap(([pool, rows]) => {
    const upTo = (bound: number): number =>
      rows.filter(({ bucket }) => bucket > 0 && bucket <= bound).reduce((sum, { count }) => sum + count, 0);
    const count = rows.reduce((sum, row) => sum + row.count, 0);
    return [
      ...BUCKETS[kind].map((le) => ({ metricName: `${name}_bucket`, labels: { le, pool }, value: upTo(le) })),
      { metricName: `${name}_bucket`, labels: { le: '+Inf', pool }, value: count },
      { metricName: `${name}_sum`, labels: { pool }, value: rows.reduce((sum, { total }) => sum + total, 0) },
      { metricName: `${name}_count`, labels: { pool }, value: count },
    ];
  });
}

/** The checkouts of this process, counted by outcome and by the pool or alias that was asked for. */
export function countCheckouts(registry: Registry, checkouts: CheckoutService): CheckoutService {
  const counter = new Counter({
    name: 'slipway_vm_pool_checkouts_total',
    help: 'VMs that were asked for at this process, by the name asked for: success, empty (too few ready), invalid (refused; no name, since it may be anything).',
    labelNames: ['pool', 'result'] as const,
    registers: [registry],
  });
  return {
    take: async (who, asked, options) => {
      try {
        const given = await checkouts.take(who, asked, options);
        for (const { name, vms } of given) counter.inc({ pool: name, result: 'success' }, vms.length);
        return given;
      } catch (error) {
        const kind = error instanceof DomainError ? error.fault.kind : 'internal';
        // Names are known to be pools' only once nothing else is wrong.
        if (kind === 'no-capacity')
          for (const { name, count } of asked) counter.inc({ pool: name, result: 'empty' }, count);
        else if (!['internal', 'unavailable', 'cancelled'].includes(kind)) counter.inc({ pool: '', result: 'invalid' });
        throw error;
      }
    },
  };
}
