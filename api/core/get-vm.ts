import { notFound } from '../../domain/fault.ts';
import type { VmId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Db } from '../../store/open.ts';
import { findVm, findVmByName, type VmRow } from '../../store/vm.ts';
import { sees } from './authorize.ts';

/** The row by name or UUID, or not-found: other tenants' VMs do not exist. */
export async function getVm(db: Db, who: Principal, ref: string): Promise<VmRow> {
  const vm = (await findVmByName(db, ref)) ?? (await findVm(db, ref.toLowerCase() as VmId));
  if (!vm || !sees(who, vm)) throw notFound('VM', ref);
  return vm;
}
