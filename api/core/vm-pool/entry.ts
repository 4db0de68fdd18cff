import { type Borrower, isKnown } from '../../../domain/borrower.ts';
import { DomainError, notFound } from '../../../domain/fault.ts';
import type { NodeName } from '../../../domain/ids.ts';
import { HOUR_MS, lifetimeOf, type PoolEntry, type PoolSettings, type VmPool } from '../../../domain/vm-pool.ts';
import { nicsOf } from '../../../store/nic.ts';
import type { Db, Store } from '../../../store/open.ts';
import { addTags } from '../../../store/pool-day.ts';
import { type EntryRow, findEntry, runningOfToken, updateEntry } from '../../../store/pool-entry.ts';
import { findVm } from '../../../store/vm.ts';
import { findPool, poolSettings } from '../../../store/vm-pool.ts';
import { type EntryWish, problemsOf, tagsOf } from './entry-wish.ts';
import type { WakePool } from './wake.ts';

export interface EntryDetail extends PoolEntry {
  /** Hours from checkout that hold for it: its own, its pool's, the default. */
  readonly hours: number;
  readonly ip: string | null;
  readonly node: NodeName | null;
}

export interface EntryService {
  /** By the VM's name, in any state, until its record is forgotten. */
  get(name: string): Promise<EntryDetail>;
  /** Sets lifetime and tags, or returns everything that is wrong with them, nothing being changed then. */
  change(who: Borrower, name: string, wish: EntryWish): Promise<readonly string[]>;
  /** Gives a checked-out VM back, to be deleted. 'not-found' for any other. */
  release(who: Borrower, name: string): Promise<void>;
  /** Names of the VMs checked out with this token. */
  ofToken(tokenId: string): Promise<readonly string[]>;
}

/** VMs of pools as those who took them see them. */
export function entryService({ store, wake }: { readonly store: Store; readonly wake: WakePool }): EntryService {
  return {
    get: (name) => detail(store.read, name),
    change: async (who, name, wish) => {
      const { problems, pool } = await store.write((tx) => change(tx, who, name, wish));
      if (pool !== null) wake(pool);
      return problems;
    },
    release: async (who, name) => {
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

export async function getEntry(db: Db, name: string): Promise<EntryRow> {
  const entry = await findEntry(db, name);
  if (!entry) throw notFound('VM', name);
  return entry;
}

/** Throws unless the VM is the asker's, or nobody's, or the asker is an administrator. */
export function mustOwn(who: Borrower, entry: Pick<EntryRow, 'user' | 'tokenId' | 'name'>): void {
  if (who === 'anyone') return;
  if (who === 'nobody') throw new DomainError({ kind: 'unauthorized', why: 'A token is needed (X-AUTH-TOKEN).' });
  if (who.principal.role === 'admin' || entry.tokenId === null || entry.user === who.user) return;
  throw new DomainError({ kind: 'forbidden', why: `VM '${entry.name}' was checked out by somebody else.` });
}

async function detail(db: Db, name: string): Promise<EntryDetail> {
  const entry = await getEntry(db, name);
  const [nics, vm] = [await nicsOf(db, [entry.vm]), await findVm(db, entry.vm)];
  const hours = lifetimeOf(entry, await findPool(db, entry.pool), await poolSettings(db));
  return { ...entry, hours, ip: nics.find(({ ip }) => ip !== null)?.ip ?? null, node: vm?.node ?? null };
}

async function change(tx: Db, who: Borrower, name: string, wish: EntryWish) {
  const entry = await getEntry(tx, name);
  mustOwn(who, entry);
  const [pool, settings] = [await findPool(tx, entry.pool), await poolSettings(tx)];
  const problems = problemsOf(wish, pool, settings);
  if (problems.length > 0) return { problems, pool: null };
  const now = Date.now();
  const tags = tagsOf(wish, settings);
  await addTags(tx, entry.vm, tags, now);
  await updateEntry(tx, entry.vm, {
    tags: { ...entry.tags, ...tags },
    ...(wish.lifetimeHours === undefined ? {} : lifetime(entry, Math.trunc(wish.lifetimeHours), pool, settings)),
  });
  return { problems, pool: wish.lifetimeHours === undefined ? null : entry.pool };
}

/** Counts from the checkout, not from now. */
function lifetime(entry: EntryRow, lifetimeHours: number, pool: VmPool | undefined, settings: PoolSettings) {
  const hours = lifetimeOf({ lifetimeHours }, pool, settings);
  const expiresAt = entry.checkedOutAt === null ? null : entry.checkedOutAt + hours * HOUR_MS;
  return { lifetimeHours, expiresAt };
}

/** Whether somebody is known as an administrator. */
export const isAdmin = (who: Borrower): boolean => who === 'anyone' || (isKnown(who) && who.principal.role === 'admin');
