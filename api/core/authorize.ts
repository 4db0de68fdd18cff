import { DomainError } from '../../domain/fault.ts';
import type { Principal } from '../../domain/principal.ts';

const forbidden = (why: string): DomainError => new DomainError({ kind: 'forbidden', why });

/** Throws 'forbidden' for those who may only look. */
export function mustAct(who: Principal): void {
  if (who.role === 'viewer') throw forbidden(`'${who.account}' may only read.`);
}

/** Throws 'forbidden' for all but administrators: what every tenant shares is theirs to change. */
export function mustAdminister(who: Principal): void {
  if (who.role !== 'admin') throw forbidden(`That takes the role admin; '${who.account}' is a ${who.role}.`);
}

/** Tenant whose rows this principal sees; undefined for all. */
export const seenTenant = (who: Principal): string | undefined => (who.role === 'admin' ? undefined : who.tenant);

/** Whether a row of this tenant exists as far as this principal is concerned. */
export const sees = (who: Principal, row: { readonly tenant: string }): boolean =>
  who.role === 'admin' || who.tenant === row.tenant;
