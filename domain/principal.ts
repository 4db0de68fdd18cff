export type Role = 'admin' | 'user' | 'viewer';

/** Who asks. The first argument of every core service. */
export interface Principal {
  /** The token's or account's name, for the audit log. */
  readonly account: string;
  /** Owner of what this principal creates. */
  readonly tenant: string;
  readonly role: Role;
}

export const DEFAULT_TENANT = 'default';

/** The platform itself: sweeper, collector, start-up. */
export const SYSTEM: Principal = { account: 'slipway', tenant: DEFAULT_TENANT, role: 'admin' };
