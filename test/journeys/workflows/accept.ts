import { createHash, randomUUID } from 'node:crypto';
import type { Asked } from '../../../api/core/operation.ts';
import { beginChange, type Change } from '../../../api/core/vm-change.ts';
import { beginVolumeRemoval } from '../../../api/core/volume.ts';
import { baseDisks } from '../../../domain/base-image.ts';
import type { BaseKey, Mac, NodeName, TaskId, VmId, Vni } from '../../../domain/ids.ts';
import type { CollectImage, CreateVm, RemoveNetwork } from '../../../domain/plan.ts';
import { DEFAULT_TENANT, SYSTEM } from '../../../domain/principal.ts';
import type { TaskKind } from '../../../domain/task.ts';
import type { Disk, Fill } from '../../../domain/volume.ts';
import { findRecipe, keepRecipe, updateBaseImage } from '../../../store/base-image.ts';
import { findNetwork, insertNetwork, markNetworkRemoving } from '../../../store/network.ts';
import { insertNics } from '../../../store/nic.ts';
import type { Db, Store } from '../../../store/open.ts';
import { insertStoragePool } from '../../../store/storage-pool.ts';
import { findTask, insertTask, type TaskRow } from '../../../store/task.ts';
import { insertText } from '../../../store/text.ts';
import { newTurn } from '../../../store/turn.ts';
import { findVm, insertVm, type VmRow } from '../../../store/vm.ts';
import { insertVolumes } from '../../../store/volume.ts';
import { createCommand } from '../../workflows/commands.ts';

const SCRIPT = 'def install(**kwargs):\n    pass\n\ndef build(**kwargs):\n    pass\n';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex') as never;

/** Pool, network 100 and a script, as a first start leaves them. */
export async function furnish(store: Store): Promise<void> {
  await store.write(async (tx) => {
    await insertStoragePool(tx, { name: 'vms', driver: 'sim', config: {} });
    await makeNetwork(tx, 100);
    await insertText(tx, 'script', 'both', SCRIPT);
  });
}

async function makeNetwork(tx: Db, vni: number): Promise<void> {
  await insertNetwork(tx, {
    vni: vni as Vni,
    description: 'test',
    type: 'managed',
    mtu: null,
    domain: 'test.internal',
    nameServers: [],
    ip4: { network: `10.${vni}.0.0/24`, gateway: `10.${vni}.0.1`, dhcp: null },
    nat: false,
  });
}

const taskRow = (kind: TaskKind, id: TaskId, target: string, runOn: string, input: unknown) => ({
  ...{ id, kind, target, runOn, input, tenant: DEFAULT_TENANT, account: SYSTEM.account },
  workflowStarted: false,
});

let minted = 0;

/** Reserves what the creation needs, with the task's row, as the core's service does: in one transaction. */
export async function acceptCreation(store: Store, change: Partial<CreateVm>, fill?: Fill): Promise<TaskRow> {
  minted += 1;
  const made = createCommand({ name: `vm${minted}`, ...change });
  const plain = fill ? { ...made, disks: made.disks.map((disk) => ({ ...disk, fill })) } : made;
  const mac = `52:54:00:00:${(minted >> 8).toString(16).padStart(2, '0')}:${(minted & 255).toString(16).padStart(2, '0')}`;
  const nics = plain.nics.map((nic) => ({ ...nic, mac: mac as Mac, ip: `10.100.0.${10 + (minted % 200)}` }));
  const cmd = { ...plain, nics };
  return store.write(async (tx) => {
    await insertVm(tx, { ...vmRow(cmd), changing: cmd.task, turn: await newTurn(tx, cmd.node) });
    await insertNics(tx, cmd.nics);
    await insertVolumes(tx, cmd.disks, { vm: cmd.vm, tenant: DEFAULT_TENANT, node: cmd.node });
    return insertTask(tx, taskRow('provisioner.create', cmd.task, cmd.name, cmd.node, cmd));
  });
}

const vmRow = ({ vm, name, node, memory, vcpus, serial, vnc }: CreateVm) => ({
  ...{ id: vm, name, node, memory, vcpus, serial, vnc, tenant: DEFAULT_TENANT, description: '' },
  ...{ state: 'provisioning' as const, selector: 'mem' as const, autostart: false, createdAt: Date.now() },
  ...{ scriptSha256: sha256(SCRIPT), args: {} },
});

/** Accepts a change of a VM by the core's own code. */
export async function acceptChange(store: Store, vm: VmId, action: Change, deleteDisks = true): Promise<TaskRow> {
  return store.write(async (tx) => {
    const row = await findVm(tx, vm);
    if (!row) throw new Error(`bug: no VM ${vm}`);
    const begun = await beginChange(tx, row, { who: SYSTEM, action, deleteDisks, graceMs: 1_000 });
    return begun.task;
  });
}

/** Disks whose guest can be snapshotted. */
export const KEEPING: Fill = { kind: 'blank', snapshots: true };

/** Accepts an operation by the core's own code; the VM has to be free for it. */
export async function acceptOperation(
  store: Store,
  vm: VmId,
  ask: (tx: Db, row: VmRow) => Promise<Asked>,
): Promise<TaskRow> {
  return store.write(async (tx) => {
    const row = await findVm(tx, vm);
    if (!row) throw new Error(`bug: no VM ${vm}`);
    const { task, begun } = await ask(tx, row);
    if (begun?.id !== task.id) throw new Error(`bug: VM ${vm} is not free`);
    return begun;
  });
}

/** A base image for VMs with these disks, another one for each `seed`, and its recipe. */
export async function keepBase(store: Store, disks: readonly Disk[], seed: string): Promise<BaseKey> {
  const key = createHash('sha256').update(seed).digest('hex') as BaseKey;
  const recipe = { key, scriptSha256: sha256(SCRIPT), args: {}, disks: baseDisks(disks, key) };
  await store.write((tx) => keepRecipe(tx, recipe));
  return key;
}

/** Accepts the removal of a base image that nobody uses. */
export async function acceptCollection(store: Store, base: BaseKey, node: NodeName): Promise<TaskRow> {
  return store.write(async (tx) => {
    const recipe = await findRecipe(tx, base);
    const input: CollectImage = { task: mintTask(), base, node, disks: recipe?.disks ?? [] };
    await updateBaseImage(tx, base, node, { state: 'removing', build: input.task });
    return insertTask(tx, taskRow('image.collect', input.task, base.slice(0, 16), node, input));
  });
}

const mintTask = (): TaskId => randomUUID() as string as TaskId;

/** Makes the network if need be, and accepts its removal from these nodes. */
export async function acceptRemoval(store: Store, vni: number, nodes: readonly NodeName[]): Promise<TaskRow> {
  const input: RemoveNetwork = { task: mintTask(), vni: vni as Vni, nodes };
  return store.write(async (tx) => {
    if (!(await findNetwork(tx, input.vni))) await makeNetwork(tx, vni);
    await markNetworkRemoving(tx, input.vni, input.task);
    return insertTask(tx, taskRow('network.remove', input.task, `${vni}`, nodes.join(), input));
  });
}

/** Accepts the removal of a volume by the core's own code. */
export const acceptVolumeRemoval = (store: Store, { pool, name }: Disk): Promise<TaskRow> =>
  store.write(async (tx) => (await beginVolumeRemoval(tx, SYSTEM, pool, name)).task);

export async function taskOf(store: Store, id: TaskId): Promise<TaskRow> {
  const row = await findTask(store.read, id);
  if (!row) throw new Error(`bug: no task ${id}`);
  return row;
}
