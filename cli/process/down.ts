import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hypervisorDrivers } from '../../activities/drivers/hypervisor/index.ts';
import { removeGroups } from '../../activities/drivers/installer/groups.ts';
import { removeWorkspace } from '../../activities/drivers/installer/workspace.ts';
import { networkDrivers } from '../../activities/drivers/network/index.ts';
import { type Run, run as realRun } from '../../activities/drivers/run.ts';
import { conflict, invalid, unavailable } from '../../domain/fault.ts';
import type { VmId } from '../../domain/ids.ts';
import { listNodes } from '../../store/node.ts';
import { isStoreInUse, openStore } from '../../store/open.ts';
import { findStoragePool } from '../../store/storage-pool.ts';
import { listVms } from '../../store/vm.ts';
import { isClaimed, listed, removeInstallation } from '../instance/directory.ts';
import { readHolder, readInstance, removeHolder, removeInstance } from '../instance/instance.ts';
import { isHeld, type Lock, takeLock } from '../instance/lock.ts';
import { packageFile } from '../package-root.ts';
import type { Paths } from '../paths.ts';
import { endDevServer } from '../temporal/dev-server.ts';
import { endProcess } from '../temporal/process.ts';
import { forgetBoot } from './boot.ts';
import { simulatedHypervisor } from './drivers.ts';
import { rememberedLibvirt } from './host.ts';
import { SYSTEM_URI } from './libvirt.ts';

const LIBVIRTD = packageFile('scripts/host/libvirtd.sh');

/** Ending in order takes this long at most; then it is done by force. */
const STOP_MS = 60_000;

/** A process that was killed holds the lock until the last of its threads is gone, which is after it is seen no more. */
const LOCK_MS = 10_000;

/** Any other program is given this long: the private libvirtd's has bounds for each of its guests, and forces what hangs. */
const PROGRAM_MS = 300_000;

export interface DownPlan {
  /** Ends guests and takes their networks away, too. */
  readonly guests: boolean;
  /** Removes the data directory and everything outside that belongs to it. */
  readonly purge: boolean;
  readonly say: (text: string) => void;
  readonly run?: Run;
  /** How long the directory's lock is waited for. */
  readonly lockMs?: number;
}

/** Ends the installation in this directory, whatever still runs of it, or is just being started; succeeds if nothing does. */
export async function bringDown(paths: Paths, plan: DownPlan): Promise<void> {
  const { say } = plan;
  const there = statSync(paths.dir, { throwIfNoEntry: false });
  if (there === undefined) return say(`There is nothing at ${paths.dir}.`);
  if (!there.isDirectory()) throw invalid('--data', `${paths.dir} is no directory`);
  if (!isClaimed(paths.dir)) {
    const others = readdirSync(paths.dir);
    if (!plan.purge || others.length === 0) return say(`There is nothing of Slipway's at ${paths.dir}.`);
    throw invalid('--data', `${paths.dir} is no data directory of Slipway (${listed(others)}): it is left alone`);
  }
  await endProcesses(paths, say);
  // Held to the end: what is being taken away is not to be started meanwhile.
  const lockMs = plan.lockMs ?? LOCK_MS;
  const unknown = `${paths.dir} is in use by a process that is not known, such as another 'slipway down': wait for its end, or end it first.`;
  const locks = [takeLock(paths.lock, unknown, lockMs)];
  try {
    for (const name of plan.guests || plan.purge ? nodesOf(paths) : []) locks.push(holdNode(paths, name, lockMs));
    if (plan.purge) mustBeUnused(paths, lockMs);
    await takeAway(paths, { ...plan, run: bounded(plan.run ?? realRun) });
  } finally {
    for (const lock of locks) lock.release();
  }
}

const nodesOf = ({ dir }: Paths): readonly string[] =>
  existsSync(join(dir, 'nodes')) ? readdirSync(join(dir, 'nodes')) : [];

/** Nothing is ended or removed under a node that runs as a process of its own. */
const holdNode = (paths: Paths, name: string, lockMs: number): Lock =>
  takeLock(
    paths.nodeLock(name),
    `A process of its own is the node ${name} of ${paths.dir}: end it first. No guest is ended, nothing is removed.`,
    lockMs,
  );

/** Nor under an API or a control worker. */
function mustBeUnused({ dir, store }: Paths, waitMs: number): void {
  if (existsSync(store) && isStoreInUse(store, waitMs))
    throw conflict(
      `A process of its own, 'slipway api' or 'slipway control', works on ${dir}: end it first. Nothing is removed.`,
    );
}

async function endProcesses(paths: Paths, say: DownPlan['say']): Promise<void> {
  const known = [readInstance(paths.instance)?.pid, readHolder(paths.holder)];
  for (const pid of new Set(known.filter((one) => typeof one === 'number'))) {
    say(`Ending process ${pid} …`);
    await endProcess(pid, STOP_MS);
  }
  removeInstance(paths.instance);
  removeHolder(paths.holder);
}

async function takeAway(paths: Paths, plan: DownPlan): Promise<void> {
  const { say, run = realRun } = plan;
  await endDevServer(paths.dir);
  const guestsToo = plan.guests || plan.purge;
  if (guestsToo) await endGuests(paths, plan);
  // A private libvirtd outlives a process that was killed; that of a node which runs is the node's to end.
  if (existsSync(paths.libvirt) && (guestsToo || !isHeld(paths.hostLock))) {
    say('Ending the private libvirtd …');
    await run([LIBVIRTD, guestsToo ? 'end' : 'stop', paths.libvirt], { line: say });
  }
  if (!plan.purge) return;
  removeGroups();
  removeWorkspace();
  const others = removeInstallation(paths.dir);
  const left = others.length === 0 ? '' : `, but for what Slipway did not put there: ${listed(others)}`;
  say(`Removed ${paths.dir}${left}.`);
}

/** What hangs, as the system's libvirt may, does not keep the rest waiting for ever. */
const bounded =
  (run: Run): Run =>
  (argv, options) =>
    run(argv, { timeoutMs: PROGRAM_MS, ...options });

async function endGuests(paths: Paths, plan: DownPlan): Promise<void> {
  const known = await knownGuests(paths);
  if (known === null) return;
  const nodes = nodesOf(paths);
  const real = nodes.filter(known.isReal);
  if (real.length > 0 && process.getuid?.() !== 0)
    throw unavailable('Guests and networks of a real node are ended by root only.');
  plan.say('Ending guests and networks …');
  for (const name of nodes) {
    // First: those that are ended start again with their node, also if this is interrupted.
    forgetBoot(paths.nodeBoot(name));
    if (real.includes(name)) await endReal(paths, name, known.vms, plan);
    else if (!plan.purge) await endSimulated(paths, name);
  }
}

async function endReal(paths: Paths, name: string, vms: readonly VmId[], { purge, run = realRun }: DownPlan) {
  const dir = paths.node(name);
  const uri = await uriOf(paths, name, run);
  const hypervisor = hypervisorDrivers.libvirt({ uri, dir, run });
  for (const vm of vms) await (purge ? hypervisor.undefine(vm) : hypervisor.stop(vm));
  const network = networkDrivers.linux({ dir, run });
  for (const vni of await network.list()) await network.remove(vni);
}

async function endSimulated(paths: Paths, name: string): Promise<void> {
  const hypervisor = simulatedHypervisor(paths, name);
  for (const { vm } of await hypervisor.list()) await hypervisor.stop(vm);
}

/** VMs, and which nodes are real: what a node said of itself, else what the installation was made for; null where nothing was ever made. */
async function knownGuests(paths: Paths) {
  if (!existsSync(paths.store)) return null;
  const store = openStore(paths.store);
  try {
    const pool = await findStoragePool(store.read, 'vms');
    if (!pool) return null;
    const drivers = new Map<string, string>((await listNodes(store.read)).map(({ name, driver }) => [name, driver]));
    return {
      isReal: (node: string) => (drivers.get(node) ?? (pool.driver === 'sim' ? 'sim' : 'libvirt')) !== 'sim',
      vms: (await listVms(store.read, {})).map(({ id }) => id),
    };
  } finally {
    await store.close();
  }
}

/** The one that the node used; its private libvirtd runs again if it had ended, since guests can outlive it. */
async function uriOf(paths: Paths, name: string, run: Run): Promise<string> {
  const remembered = rememberedLibvirt(paths, name);
  if (remembered !== null) return remembered;
  if (!existsSync(paths.libvirt)) return SYSTEM_URI;
  return (await run([LIBVIRTD, 'start', paths.libvirt])).stdout.trim();
}
