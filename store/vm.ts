import { and, eq, inArray, isNull, lt, type SQL, sql } from 'drizzle-orm';
import type { NodeName, TaskId, VmId, Vni } from '../domain/ids.ts';
import type { Vm, VmState } from '../domain/vm.ts';
import { hot, hotInsert, hotUpdate } from './hot.ts';
import type { Db } from './open.ts';
import { nics, vms } from './schema/vm.ts';

export type VmRow = typeof vms.$inferSelect;

/** What a VM is to those who ask; how it was made and what is changing it stay inside. */
export function toVm(row: VmRow): Vm {
  const {
    changing: _c,
    restingSince: _r,
    turn: _t,
    scriptSha256: _s,
    userdataSha256: _u,
    args: _a,
    migrationMaxDowntimeMs: _m,
    ...vm
  } = row;
  return vm;
}

export interface VmWhere {
  readonly tenant?: string | undefined;
  readonly node?: string | undefined;
  readonly states?: readonly VmState[] | undefined;
}

export async function listVms(db: Db, where: VmWhere): Promise<readonly VmRow[]> {
  const conditions: SQL[] = [];
  if (where.tenant !== undefined) conditions.push(eq(vms.tenant, where.tenant));
  if (where.node !== undefined) conditions.push(eq(vms.node, where.node as NodeName));
  if (where.states)
    conditions.push(
      inArray(
        vms.state,
        where.states.filter((state) => state !== 'absent'),
      ),
    );
  return db
    .select()
    .from(vms)
    .where(and(...conditions))
    .orderBy(vms.name);
}

const byId = hot((db) =>
  db
    .select()
    .from(vms)
    .where(eq(vms.id, sql.placeholder('id')))
    .prepare(),
);

export const findVm = async (db: Db, id: VmId): Promise<VmRow | undefined> => byId(db).get({ id });

const byName = hot((db) =>
  db
    .select()
    .from(vms)
    .where(eq(sql`lower(${vms.name})`, sql.placeholder('name')))
    .prepare(),
);

/** Names differ by more than case. */
export const findVmByName = async (db: Db, name: string): Promise<VmRow | undefined> =>
  byName(db).get({ name: name.toLowerCase() });

const insert = hotInsert(vms);

export async function insertVm(tx: Db, row: typeof vms.$inferInsert): Promise<void> {
  insert(tx, row);
}

const update = hotUpdate(vms, vms.id);

export async function updateVm(tx: Db, id: VmId, change: Partial<Omit<VmRow, 'id'>>): Promise<void> {
  update(tx, id, change);
}

const freeOf = hotUpdate(vms, vms.changing);

/** Whatever this task was changing is free for the next change. */
export async function freeVmsOf(tx: Db, task: TaskId): Promise<void> {
  freeOf(tx, task, { changing: null, restingSince: Date.now() });
}

const memoryOf = hot((db) =>
  db
    .select({ total: sql<number>`coalesce(sum(${vms.memory}), 0)` })
    .from(vms)
    .where(sql`${vms.id} in (select value from json_each(${sql.placeholder('ids')}))`)
    .prepare(),
);

/** MiB of these VMs together. */
export const memoryOfVms = async (db: Db, ids: readonly string[]): Promise<number> =>
  (await memoryOf(db).get({ ids: JSON.stringify(ids) }))?.total ?? 0;

const observe = hot((db) =>
  db
    .update(vms)
    .set({ state: sql`${sql.placeholder('to')}` })
    .where(
      and(
        eq(vms.node, sql.placeholder('node')),
        eq(vms.state, sql.placeholder('from')),
        isNull(vms.changing),
        lt(vms.restingSince, sql.placeholder('asked')),
        sql`(${vms.id} in (select value from json_each(${sql.placeholder('running')}))) = ${sql.placeholder('runs')}`,
      ),
    )
    .prepare(),
);

/**
 * Guests go off by themselves and come back with their host: VMs of the node that nothing has been changing since `asked`
 * (epoch ms, when the node began to ask its hypervisor) are what was seen of them.
 */
export async function observeRunning(tx: Db, node: NodeName, running: readonly string[], asked: number): Promise<void> {
  const seen = { node, asked, running: JSON.stringify(running) };
  await observe(tx).run({ ...seen, from: 'running', to: 'stopped', runs: 0 });
  await observe(tx).run({ ...seen, from: 'stopped', to: 'running', runs: 1 });
}

/** What this task was changing needs an operator: 'failed' for this reason, free for the next change. */
export async function failVmsOf(tx: Db, task: TaskId, reason: string): Promise<void> {
  const failed = { state: 'failed', failedReason: reason, changing: null, restingSince: Date.now() } as const;
  await tx.update(vms).set(failed).where(eq(vms.changing, task));
}

/** Addresses and console go with it; volumes stay and belong to no VM. */
export async function deleteVm(tx: Db, id: VmId): Promise<void> {
  await tx.delete(vms).where(eq(vms.id, id));
}

/** Names of the VMs on a network. */
export async function vmsOnNetwork(db: Db, vni: Vni): Promise<readonly string[]> {
  const rows = await db
    .selectDistinct({ name: vms.name })
    .from(nics)
    .innerJoin(vms, eq(vms.id, nics.vm))
    .where(eq(nics.vni, vni))
    .orderBy(vms.name);
  return rows.map((row) => row.name);
}
