import { DomainError } from './fault.ts';
import { DEFAULT_TENANT, type Principal } from './principal.ts';

/** Somebody known by a token, who takes VMs out of pools. */
export interface KnownBorrower {
  readonly principal: Principal;
  readonly tokenId: string;
  readonly user: string;
}

/** Who takes VMs out of pools: 'anyone' where no authentication store is configured, 'nobody' without a token where one is. */
export type Borrower = 'anyone' | 'nobody' | KnownBorrower;

export const isKnown = (who: Borrower): who is KnownBorrower => typeof who === 'object';

/** Who a borrower is to the rest of the core: everybody is an administrator where nobody can be known. 'unauthorized' for nobody. */
export function principalOf(who: Borrower): Principal {
  if (who === 'anyone') return { account: 'anonymous', tenant: DEFAULT_TENANT, role: 'admin' };
  if (isKnown(who)) return who.principal;
  throw new DomainError({ kind: 'unauthorized', why: 'A token is needed (X-AUTH-TOKEN).' });
}
