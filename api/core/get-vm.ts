import { notFound } from '../../domain/fault.ts';
import type { VmId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';
import { isVmId } from '../../domain/vm.ts';
import type { Db } from '../../store/open.ts';
import { findEntryOfVm } from '../../store/pool-entry.ts';
import { findVm, findVmByName, type VmRow } from '../../store/vm.ts';
import { sees } from './authorize.ts';
import { mustOwn } from './vm-pool/own.ts';

/** The row by name or UUID, or not-found: other tenants' VMs do not exist. No name is taken for a UUID. */
export async function getVm(db: Db, who: Principal, ref: string): Promise<VmRow> {
  const vm = isVmId(ref) ? await findVm(db, ref.toLowerCase() as VmId) : await findVmByName(db, ref);
  if (!vm || !sees(who, vm)) throw notFound('VM', ref);
  return vm;
}

/** The same, for those who want to change it: a pool's VM is whose it was checked out by, whichever way it is reached. */
export async function getOwnVm(db: Db, who: Principal, ref: string): Promise<VmRow> {
  const vm = await getVm(db, who, ref);
  await mustOwnVm(db, who, vm.id);
  return vm;
}

/** Throws where the VM is a pool's, and neither the asker's nor anybody's; administrators may change any. */
export async function mustOwnVm(db: Db, who: Principal, vm: VmId): Promise<void> {
  const entry = who.role === 'admin' ? undefined : await findEntryOfVm(db, vm);
  if (entry) mustOwn({ principal: who, tokenId: '', user: who.account }, entry);
}
