import { type Borrower, isKnown } from '../../../domain/borrower.ts';
import { conflict, DomainError, notFound } from '../../../domain/fault.ts';
import type { VmId } from '../../../domain/ids.ts';
import type { Db } from '../../../store/open.ts';
import { type EntryRow, findEntry, findEntryOfVm } from '../../../store/pool-entry.ts';
import type { RequestRow } from '../../../store/pool-request.ts';
import { findVm, type VmRow } from '../../../store/vm.ts';
import { mustAct } from '../authorize.ts';

export async function getEntry(db: Db, name: string): Promise<EntryRow> {
  const entry = await findEntry(db, name);
  if (!entry) throw notFound('VM', name);
  return entry;
}

/** The VM that an entry is the record of; 'not-found' once it is gone. */
export async function vmOf(tx: Db, { vm, name }: Pick<EntryRow, 'vm' | 'name'>): Promise<VmRow> {
  const row = await findVm(tx, vm);
  if (!row) throw notFound('VM', name);
  return row;
}

/** Throws 'conflict' for a pool's VM that was given back: whatever else is asked of it would keep it from being deleted. */
export async function mustBeKept(db: Db, vm: VmId): Promise<void> {
  const entry = await findEntryOfVm(db, vm);
  if (entry?.state === 'completed') throw conflict(`VM '${entry.name}' was given back and is being deleted.`);
}

/** Throws 'forbidden' for a token that may only look. */
export function mayBorrow(who: Borrower): void {
  if (isKnown(who)) mustAct(who.principal);
}

/** Throws unless the asker checked the VM out, or anyone did without a token, or the asker is an administrator. */
export function mustOwn(
  who: Borrower,
  { user, tokenId, checkedOutAt, name }: Pick<EntryRow, 'user' | 'tokenId' | 'checkedOutAt' | 'name'>,
): void {
  const taken = checkedOutAt !== null;
  const why = taken ? 'was checked out by somebody else' : 'is not checked out';
  mustBeTheirs(who, { user, anyones: taken && tokenId === null }, `VM '${name}' ${why}.`);
}

/** The same of an on-demand request. */
export const mustOwnRequest = (
  who: Borrower,
  { user, tokenId, id }: Pick<RequestRow, 'user' | 'tokenId' | 'id'>,
): void => mustBeTheirs(who, { user, anyones: tokenId === null }, `Request '${id}' is somebody else's.`);

function mustBeTheirs(
  who: Borrower,
  { user, anyones }: { readonly user: string | null; readonly anyones: boolean },
  why: string,
): void {
  if (who === 'anyone') return;
  if (who === 'nobody') throw new DomainError({ kind: 'unauthorized', why: 'A token is needed (X-AUTH-TOKEN).' });
  if (who.principal.role === 'admin' || anyones || user === who.user) return;
  throw new DomainError({ kind: 'forbidden', why });
}
