import { controlActivities } from '../../../../activities/control.ts';
import { domainXml } from '../../../../activities/drivers/hypervisor/domain-xml.ts';
import { type AccountParts, CORE_DEFAULTS } from '../../../../api/core/parts.ts';
import { poolKeeper } from '../../../../api/core/vm-pool/keeper.ts';
import type { TaskId } from '../../../../domain/ids.ts';
import type { CreateVm } from '../../../../domain/plan.ts';
import type { PoolKeeper, PoolTurn } from '../../../../domain/pool-keeper.ts';
import type { EntryState, VmPoolWish } from '../../../../domain/vm-pool.ts';
import { nodes } from '../../../../store/schema/node.ts';
import { renderSeed } from '../../../../templates/cloud-init/seed.ts';
import { poolWish } from '../../../pool-rows.ts';
import { ADMIN, type Cluster, cluster, KEY } from '../cluster.ts';

/** A cluster of one node, with a profile `web` and a keeper whose turns are taken by hand. */
export interface Pooled extends Cluster {
  readonly keeper: PoolKeeper;
  pool(change?: Partial<VmPoolWish>): Promise<void>;
  /** A turn now, or at this moment. */
  keep(pool?: string, now?: number): Promise<PoolTurn | null>;
  /** Ends the creations and deletions that the engine was told of: creations as this says. */
  work(outcome?: 'SUCCESS' | 'FAILURE', fault?: string): Promise<number>;
  /** Turns and work until nothing is begun any more. */
  fill(pool?: string): Promise<void>;
  /** Its nodes were heard of so many ms ago. */
  heardOf(agoMs: number): Promise<void>;
  states(pool?: string): Promise<Readonly<Partial<Record<EntryState, number>>>>;
}

export const POOL = poolWish({ name: 'debian-12', profile: 'web', size: 3 });

export async function pooled(people: Partial<AccountParts> = {}): Promise<Pooled> {
  const base = await cluster({}, people);
  await base.node('hv1', { facts: { memory: 262144 as never, cpus: 64 }, memoryFree: 262144 });
  await base.profile({ networks: [] });
  const { store, jobs } = base;
  const control = controlActivities(store);
  const renderer = { domainXml, seed: renderSeed };
  const log = { warn: () => undefined };
  const accounts = { store: null, admins: [], key: KEY };
  const keeper = poolKeeper({ store, jobs, renderer, log, accounts, settings: CORE_DEFAULTS });
  let done = 0;

  const work: Pooled['work'] = async (outcome = 'SUCCESS', fault) => {
    await base.settled();
    const tasks = jobs.started.slice(done);
    done = jobs.started.length;
    for (const { id, kind, input } of tasks) {
      const { vm } = input as CreateVm;
      if (kind === 'vm.delete') await control.forgetVm(vm, false);
      else if (outcome === 'SUCCESS') {
        await control.recordDefined(vm, '<domain/>');
        await control.recordVm(vm, 'running', null, id as TaskId);
      } else await control.release(vm);
      const state = kind === 'vm.delete' ? 'SUCCESS' : outcome;
      const error = state === 'FAILURE' ? 'it went wrong' : null;
      await control.finishTask(id as TaskId, { state, status: '', error, fault: fault ?? null });
    }
    return tasks.length;
  };
  const keep: Pooled['keep'] = (pool = POOL.name, now = Date.now()) => keeper.keep(pool, now);
  return {
    ...base,
    ...{ keeper, keep, work },
    pool: (change) => base.services.pools.create(ADMIN, { ...POOL, ...change }),
    fill: async (pool) => {
      do await keep(pool);
      while ((await work()) > 0);
    },
    heardOf: (agoMs) =>
      store.write(async (tx) => {
        await tx.update(nodes).set({ seenAt: Date.now() - agoMs });
      }),
    states: async (pool = POOL.name) => {
      const { countEntries } = await import('../../../../store/pool-entry.ts');
      const rows = (await countEntries(store.read)).filter((row) => row.pool === pool);
      return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
    },
  };
}
