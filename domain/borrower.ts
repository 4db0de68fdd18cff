import type { Principal } from './principal.ts';

/** Somebody known by a token, who takes VMs out of pools. */
export interface KnownBorrower {
  readonly principal: Principal;
  readonly tokenId: string;
  readonly user: string;
}

/** Who takes VMs out of pools: 'anyone' where no authentication store is configured, 'nobody' without a token where one is. */
export type Borrower = 'anyone' | 'nobody' | KnownBorrower;

export const isKnown = (who: Borrower): who is KnownBorrower => typeof who === 'object';
