import { DomainError } from '../../domain/fault.ts';
import type { NodeName, VmId } from '../../domain/ids.ts';
import { VM_OPERATIONS } from '../../domain/operation.ts';
import { SYSTEM } from '../../domain/principal.ts';
import type { Db } from '../../store/open.ts';
import { findTask } from '../../store/task.ts';
import { findVm, listVms, type VmRow } from '../../store/vm.ts';
import type { Outcome } from './once.ts';
import type { CoreParts } from './parts.ts';
import { startSoon } from './start.ts';
import { beginChange } from './vm-change.ts';

const START = { who: SYSTEM, action: 'start', deleteDisks: false, graceMs: 0 } as const;

type States = readonly VmRow['state'][];
const OFF: States = ['stopped'];
/** Of a VM that an operation had: its state may not have been looked at since, and a start leaves alone what runs. */
const UNSEEN: States = ['stopped', 'running'];

export interface Starts {
  /** Names of the VMs whose start was accepted. */
  readonly begun: readonly string[];
  /** VMs that are to be started when what is being done with them, as a snapshot, has ended. */
  readonly later: readonly VmId[];
}

/**
 * Accepts the start of every VM of a node that starts with it and is off; to be called when its host was booted and its guests
 * have been seen. May be called again: those that start already do not start twice. One that cannot be started is logged, and
 * keeps none of the others off.
 */
export async function startWithNode(parts: Pick<CoreParts, 'store' | 'jobs' | 'log'>, node: NodeName): Promise<Starts> {
  const vms = (await listVms(parts.store.read, { node })).filter(startsWithNode);
  return startAll(
    parts,
    vms.map(({ id }) => id),
    OFF,
  );
}

/** Accepts the start of each of these VMs once nothing is done with it any more; resolves with the last, or when aborted. */
export async function startLater(
  parts: Pick<CoreParts, 'store' | 'jobs' | 'log'>,
  vms: readonly VmId[],
  signal: AbortSignal,
): Promise<void> {
  const { changes } = parts.store;
  for (let later = vms; later.length > 0 && !signal.aborted; ) {
    const seen = changes.seen();
    later = (await startAll(parts, later, UNSEEN)).later;
    if (later.length > 0) await changes.after(seen, signal);
  }
}

async function startAll(
  parts: Pick<CoreParts, 'store' | 'jobs' | 'log'>,
  vms: readonly VmId[],
  states: States,
): Promise<Starts> {
  const [begun, later]: [string[], VmId[]] = [[], []];
  for (const id of vms) {
    try {
      const outcome = await parts.store.write((tx) => start(tx, id, states));
      if (outcome === 'later') later.push(id);
      else if (outcome !== null) {
        startSoon(parts, outcome.task);
        begun.push(outcome.task.target);
      }
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      parts.log.warn({ vm: id, reason: error.message }, 'a VM does not start with its node');
    }
  }
  return { begun, later };
}

/** What somebody is changing is what that makes of it; an operation makes nothing of it, and may have been one on a guest that ran. */
async function start(tx: Db, id: VmId, states: States): Promise<Outcome | 'later' | null> {
  const vm = await findVm(tx, id);
  if (!vm || !startsWithNode(vm)) return null;
  if (vm.changing === null) return states.includes(vm.state) ? beginChange(tx, vm, START) : null;
  const task = await findTask(tx, vm.changing);
  return task && task.kind in VM_OPERATIONS ? 'later' : null;
}

const startsWithNode = ({ autostart, defined }: VmRow): boolean => autostart && defined;
