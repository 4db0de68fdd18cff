import { type Borrower, principalOf } from '../../../domain/borrower.ts';
import { notFound } from '../../../domain/fault.ts';
import type { NodeName } from '../../../domain/ids.ts';
import type { Snapshot } from '../../../domain/snapshot.ts';
import { gibToMib } from '../../../domain/units.ts';
import { HOUR_MS, lifetimeOf, type PoolEntry, type PoolSettings, type VmPool } from '../../../domain/vm-pool.ts';
import type { Disk } from '../../../domain/volume.ts';
import { nicsOf } from '../../../store/nic.ts';
import type { Db } from '../../../store/open.ts';
import { addTags } from '../../../store/pool-day.ts';
import { type EntryRow, runningOfToken, updateEntry } from '../../../store/pool-entry.ts';
import { snapshotsOf } from '../../../store/snapshot.ts';
import { findVm } from '../../../store/vm.ts';
import { findPool, poolSettings } from '../../../store/vm-pool.ts';
import { addedDisksOf } from '../../../store/volume.ts';
import { askDisk } from '../disk.ts';
import type { CoreParts } from '../parts.ts';
import { startSoon } from '../start.ts';
import { type EntryWish, problemsOf, tagsOf } from './entry-wish.ts';
import { getEntry, mayBorrow, mustOwn, vmOf } from './own.ts';
import type { WakePool } from './wake.ts';

export interface EntryDetail extends PoolEntry {
  /** Hours from checkout that hold for it: its own, its pool's, the default. */
  readonly hours: number;
  readonly ip: string | null;
  readonly node: NodeName | null;
  /** In the order of asking. */
  readonly snapshots: readonly Snapshot[];
  /** Disks that it was given after it was made. */
  readonly added: readonly Disk[];
}

export interface EntryService {
  /** By the VM's name, in any state, until its record is forgotten. */
  get(name: string): Promise<EntryDetail>;
  /** Sets lifetime and tags and adds a disk, or returns everything that is wrong with them, nothing being changed then. */
  change(who: Borrower, name: string, wish: EntryWish): Promise<readonly string[]>;
  /** Gives a checked-out VM back, to be deleted. 'not-found' for any other. */
  release(who: Borrower, name: string): Promise<void>;
  /** Names of the VMs checked out with this token. */
  ofToken(tokenId: string): Promise<readonly string[]>;
}

/** VMs of pools as those who took them see them. */
export function entryService(
  parts: Pick<CoreParts, 'store' | 'jobs' | 'log'> & { readonly wake: WakePool },
): EntryService {
  const { store, wake } = parts;
  return {
    get: (name) => detail(store.read, name),
    change: async (who, name, wish) => {
      mayBorrow(who);
      const { problems, pool, begun } = await store.write((tx) => change(tx, who, name, wish));
      if (pool !== null) wake(pool);
      if (begun !== null) startSoon(parts, begun);
      return problems;
    },
    release: async (who, name) => {
      mayBorrow(who);
      const pool = await store.write(async (tx) => {
        const entry = await getEntry(tx, name);
        if (entry.state !== 'running') throw notFound('checked-out VM', name);
        if (entry.tokenId !== null) mustOwn(who, entry);
        const given = { state: 'completed', completedAt: Date.now(), reason: 'It was given back.' } as const;
        await updateEntry(tx, entry.vm, given);
        return entry.pool;
      });
      wake(pool);
    },
    ofToken: (tokenId) => runningOfToken(store.read, tokenId),
  };
}

async function detail(db: Db, name: string): Promise<EntryDetail> {
  const entry = await getEntry(db, name);
  const [nics, vm] = [await nicsOf(db, [entry.vm]), await findVm(db, entry.vm)];
  const hours = lifetimeOf(entry, await findPool(db, entry.pool), await poolSettings(db));
  const [snapshots, added] = [await snapshotsOf(db, [entry.vm]), await addedDisksOf(db, entry.vm)];
  const ip = nics.find((nic) => nic.ip !== null)?.ip ?? null;
  return { ...entry, hours, ip, node: vm?.node ?? null, snapshots, added };
}

async function change(tx: Db, who: Borrower, name: string, wish: EntryWish) {
  const entry = await getEntry(tx, name);
  mustOwn(who, entry);
  const [pool, settings] = [await findPool(tx, entry.pool), await poolSettings(tx)];
  const problems = problemsOf(wish, pool, settings, entry.tags);
  if (problems.length > 0) return { problems, pool: null, begun: null };
  const now = Date.now();
  const tags = tagsOf(wish, settings);
  await addTags(tx, entry.vm, tags, now);
  await updateEntry(tx, entry.vm, {
    tags: { ...entry.tags, ...tags },
    ...(wish.lifetimeHours === undefined ? {} : lifetime(entry, Math.trunc(wish.lifetimeHours), pool, settings)),
  });
  const { diskGiB } = wish;
  const disk =
    diskGiB === undefined ? null : await askDisk(tx, await vmOf(tx, entry), principalOf(who), gibToMib(diskGiB));
  return { problems, pool: wish.lifetimeHours === undefined ? null : entry.pool, begun: disk?.begun ?? null };
}

/** Counts from the checkout, not from now. */
function lifetime(entry: EntryRow, lifetimeHours: number, pool: VmPool | undefined, settings: PoolSettings) {
  const hours = lifetimeOf({ lifetimeHours }, pool, settings);
  const expiresAt = entry.checkedOutAt === null ? null : entry.checkedOutAt + hours * HOUR_MS;
  return { lifetimeHours, expiresAt };
}
