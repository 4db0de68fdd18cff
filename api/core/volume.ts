import { randomUUID } from 'node:crypto';
import { conflict, invalid, notFound } from '../../domain/fault.ts';
import type { TaskId } from '../../domain/ids.ts';
import type { RemoveVolume } from '../../domain/plan.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Task } from '../../domain/task.ts';
import type { Volume } from '../../domain/volume.ts';
import type { Db } from '../../store/open.ts';
import { findStoragePool } from '../../store/storage-pool.ts';
import { findTask, insertTask, type TaskRow, toTask } from '../../store/task.ts';
import { clonesOfVolume, findVolume, listVolumes, markVolumeRemoving, type VolumeRow } from '../../store/volume.ts';
import { mustAct, seenTenant, sees } from './authorize.ts';
import { type Outcome, once } from './once.ts';
import type { CoreParts } from './parts.ts';
import { startSoon } from './start.ts';

export interface VolumeService {
  /** Sorted by pool and name; 'invalid' for a pool that there is not. */
  list(who: Principal, pool?: string): Promise<readonly Volume[]>;
  /** The task that removes it, begun already or now; 'conflict' while a VM has it or volumes are its clones. */
  remove(who: Principal, pool: string, name: string, key?: string | null): Promise<Task>;
}

/** Volumes of the asker's tenant; those of all tenants for administrators. */
export function volumeService(parts: Pick<CoreParts, 'store' | 'jobs' | 'log'>): VolumeService {
  const { store } = parts;
  return {
    list: async (who, pool) => {
      if (pool !== undefined && !(await findStoragePool(store.read, pool)))
        throw invalid('pool', `there is no storage pool '${pool}'.`);
      return listVolumes(store.read, { tenant: seenTenant(who), pool });
    },
    remove: async (who, pool, name, key = null) => {
      mustAct(who);
      const { task, fresh } = await store.write((tx) =>
        once(tx, who, key, ['volume.remove', pool, name], () => beginVolumeRemoval(tx, who, pool, name)),
      );
      if (fresh) startSoon(parts, task);
      return toTask(task);
    },
  };
}

/** Takes the volume for its removal and accepts the task, in the caller's transaction; joins the one that is removing it. */
export async function beginVolumeRemoval(tx: Db, who: Principal, pool: string, name: string): Promise<Outcome> {
  const found = await findVolume(tx, pool, name);
  if (!found || !sees(who, found.volume)) throw notFound('volume', `${pool}/${name}`);
  const { volume, vmName } = found;
  const running = volume.removing === null ? undefined : await findTask(tx, volume.removing);
  if (running) return { task: running, fresh: false };
  if (vmName !== null) throw conflict(`Volume '${pool}/${name}' belongs to VM '${vmName}'.`);
  const clones = await clonesOfVolume(tx, volume);
  if (clones.length > 0)
    throw conflict(`Volume '${pool}/${name}' is what others were cloned from: ${clones.join(', ')}.`);
  return { task: await accept(tx, who, volume), fresh: true };
}

async function accept(tx: Db, who: Principal, row: VolumeRow): Promise<TaskRow> {
  const { pool, volume, name, node } = row;
  const id = randomUUID() as TaskId;
  const input: RemoveVolume = { task: id, node, pool, volume };
  await markVolumeRemoving(tx, row, id);
  return insertTask(tx, {
    ...{ id, kind: 'volume.remove', target: `${pool}/${name}`, runOn: node, input },
    ...{ tenant: row.tenant, account: who.account },
    workflowStarted: false,
  });
}
