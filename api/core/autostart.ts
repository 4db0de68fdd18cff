import { DomainError } from '../../domain/fault.ts';
import type { NodeName } from '../../domain/ids.ts';
import { SYSTEM } from '../../domain/principal.ts';
import { findVm, listVms, type VmRow } from '../../store/vm.ts';
import type { Outcome } from './once.ts';
import type { CoreParts } from './parts.ts';
import { startSoon } from './start.ts';
import { beginChange } from './vm-change.ts';

const START = { who: SYSTEM, action: 'start', deleteDisks: false, graceMs: 0 } as const;

/**
 * Accepts the start of every VM of a node that starts with it and is off; to be called when its host was booted and its guests
 * have been seen. May be called again: those that start already do not start twice. One that cannot be started is logged, and
 * keeps none of the others off.
 */
export async function startWithNode(
  parts: Pick<CoreParts, 'store' | 'jobs' | 'log'>,
  node: NodeName,
): Promise<readonly string[]> {
  const { store, log } = parts;
  const begun: string[] = [];
  for (const { id, name } of (await listVms(store.read, { node })).filter(isToStart)) {
    try {
      const outcome = await store.write(async (tx): Promise<Outcome | null> => {
        const vm = await findVm(tx, id);
        return vm && isToStart(vm) ? beginChange(tx, vm, START) : null;
      });
      if (!outcome) continue;
      startSoon(parts, outcome.task);
      begun.push(name);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      log.warn({ vm: name, node, reason: error.message }, 'a VM does not start with its node');
    }
  }
  return begun;
}

/** What somebody is changing is what that makes of it. */
const isToStart = ({ autostart, defined, changing, state }: VmRow): boolean =>
  autostart && defined && changing === null && state === 'stopped';
