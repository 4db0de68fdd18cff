import type { AuthenticationStore } from '../../domain/accounts.ts';
import type { SeedInput } from '../../domain/control-plane.ts';
import type { Guest } from '../../domain/guest.ts';
import type { Jobs } from '../../domain/jobs.ts';
import type { HostFacts } from '../../domain/node.ts';
import type { DomainSpec } from '../../domain/plan.ts';
import type { Store } from '../../store/open.ts';

/** What the core is told by whoever composes it. */
export interface CoreSettings {
  /** How long a creation waits for what its profile asks. */
  readonly waitTimeoutMs: number;
  /** How long a guest may take to shut down before it is stopped hard. */
  readonly shutdownGraceMs: number;
  readonly sessionMs: number;
  /** Whether guests on managed networks reach the metadata service. */
  readonly metadata: boolean;
}

export const CORE_DEFAULTS: CoreSettings = {
  waitTimeoutMs: 10 * 60_000,
  shutdownGraceMs: 90_000,
  sessionMs: 12 * 60 * 60_000,
  metadata: true,
};

/** As much of a logger as the core needs; pino's are. */
export interface CoreLog {
  warn(fields: object, message: string): void;
}

export interface Renderer {
  domainXml(spec: DomainSpec, facts: HostFacts): string;
  /** 'invalid' for user-data with a hole that has no value. */
  seed(guest: Guest): SeedInput;
}

/** Where people's names and passwords are known, and what becomes of these people here. */
export interface AccountParts {
  /** Null: no people, only the operators' tokens. */
  readonly store: AuthenticationStore | null;
  /** Names of people who are administrators whatever their store says. */
  readonly admins: readonly string[];
  /** The installation's key, 32 bytes; only keys derived from it are used. */
  readonly key: Buffer;
}

/** What every service is made of. */
export interface CoreParts {
  readonly store: Store;
  readonly jobs: Jobs;
  readonly renderer: Renderer;
  readonly settings: CoreSettings;
  readonly accounts: AccountParts;
  readonly log: CoreLog;
}

/** One JSON line on standard error, where no logger was given. */
export const STDERR_LOG: CoreLog = {
  warn: (fields, message) => {
    process.stderr.write(`${JSON.stringify({ level: 'warn', message, ...fields })}\n`);
  },
};
