import { DomainError } from '../../domain/fault.ts';
import type { NodeName } from '../../domain/ids.ts';
import { SYSTEM } from '../../domain/principal.ts';
import type { Db } from '../../store/open.ts';
import { listVms, type VmRow } from '../../store/vm.ts';
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
  for (const { id, name } of await startable(store.read, node)) {
    try {
      const outcome = await store.write(async (tx): Promise<Outcome | null> => {
        const vm = (await startable(tx, node)).find((one) => one.id === id);
        return vm ? beginChange(tx, vm, START) : null;
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
async function startable(db: Db, node: NodeName): Promise<readonly VmRow[]> {
  const off = await listVms(db, { node, states: ['stopped'] });
  return off.filter((vm) => vm.autostart && vm.defined && vm.changing === null);
}
