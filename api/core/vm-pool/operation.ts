import type { Borrower } from '../../../domain/borrower.ts';
import { principalOf } from '../../../domain/borrower.ts';
import type { Snapshot } from '../../../domain/snapshot.ts';
import type { MiB } from '../../../domain/units.ts';
import type { Db } from '../../../store/open.ts';
import type { VmRow } from '../../../store/vm.ts';
import { askDisk } from '../disk.ts';
import type { Asked } from '../operation.ts';
import type { CoreParts } from '../parts.ts';
import { askRemoval, askRevert, askSnapshot } from '../snapshot.ts';
import { startSoon } from '../start.ts';
import { getEntry, mayBorrow, mustOwn, vmOf } from './own.ts';

/** What those who may change a pool's VM ask of it; it is carried out one after the other. By the VM's name. */
export interface EntryOperations {
  /** Keeps the moment; the snapshot is pending at first. */
  snapshot(who: Borrower, name: string, label: string | null): Promise<Snapshot>;
  /** By the snapshot's id or name; 'not-found' for one that is unknown or not ready. */
  revert(who: Borrower, name: string, snapshot: string): Promise<void>;
  removeSnapshot(who: Borrower, name: string, snapshot: string): Promise<void>;
  /** Adds a blank disk. */
  addDisk(who: Borrower, name: string, size: MiB): Promise<void>;
}

type Asker = Parameters<typeof askDisk>[2];

export function entryOperations(parts: Pick<CoreParts, 'store' | 'jobs' | 'log'>): EntryOperations {
  const ask = async <T extends Asked>(
    who: Borrower,
    name: string,
    work: (tx: Db, vm: VmRow, asker: Asker) => Promise<T>,
  ): Promise<T> => {
    mayBorrow(who);
    const asked = await parts.store.write(async (tx) => {
      const entry = await getEntry(tx, name);
      mustOwn(who, entry);
      return work(tx, await vmOf(tx, entry), principalOf(who));
    });
    if (asked.begun) startSoon(parts, asked.begun);
    return asked;
  };
  return {
    snapshot: async (who, name, label) =>
      (await ask(who, name, (tx, vm, asker) => askSnapshot(tx, vm, asker, label))).snapshot,
    revert: async (who, name, snapshot) => {
      await ask(who, name, (tx, vm, asker) => askRevert(tx, vm, asker, snapshot));
    },
    removeSnapshot: async (who, name, snapshot) => {
      await ask(who, name, (tx, vm, asker) => askRemoval(tx, vm, asker, snapshot));
    },
    addDisk: async (who, name, size) => {
      await ask(who, name, (tx, vm, asker) => askDisk(tx, vm, asker, size));
    },
  };
}
