import type { TaskId, VmId } from './ids.ts';

/** Life of a VM pool's entry. 'running' means checked out; 'completed' that its VM is to be deleted. */
export const ENTRY_STATES = ['pending', 'ready', 'running', 'completed', 'destroyed'] as const;
export type EntryState = (typeof ENTRY_STATES)[number];

/** What may become of an entry in each state; nothing comes back but what its taker had gone before hearing of. A VM that is gone is gone in any state that it was handed out or waited in. */
export const ENTRY_MOVES: Readonly<Record<EntryState, readonly EntryState[]>> = {
  // Made for an on-demand request, it is never ready for anybody else.
  pending: ['ready', 'running', 'completed'],
  ready: ['running', 'completed', 'destroyed'],
  running: ['ready', 'completed', 'destroyed'],
  completed: ['destroyed'],
  destroyed: [],
};

/** A VM pool as people ask for it. */
export interface VmPoolWish {
  readonly name: string;
  /** What answers show; says nothing about how its VMs are made. */
  readonly template: string;
  /** Provisioner profile that its VMs are made from. */
  readonly profile: string;
  /** `name=value`, over the profile's. */
  readonly args: readonly string[];
  /** VMs that are to be ready. */
  readonly size: number;
  /** Other names that it is asked by; several pools may have the same. */
  readonly aliases: readonly string[];
  /** Where backendWeights are looked up; the settings' own unless told. */
  readonly cloneTarget: string | null;
  /** Minutes after which a VM that is not ready yet has failed; the settings' own unless told, as all below. */
  readonly timeoutMin: number | null;
  /** Minutes that a VM stays ready before it is replaced; 0 for ever. */
  readonly readyTtlMin: number | null;
  /** Clones at a time, beside the limit of all pools together. */
  readonly maxClones: number | null;
  /** Hours from checkout. */
  readonly lifetimeHours: number | null;
  readonly maxLifetimeHours: number | null;
  /** TCP port that a VM has to answer on to be ready. */
  readonly probePort: number | null;
}

/** Why a pool is not being refilled, or was not lately. */
export interface PoolTrouble {
  /** Failures since the last success. */
  readonly failures: number;
  readonly lastError: string | null;
  /** Epoch milliseconds. */
  readonly failedAt: number | null;
  /** Epoch milliseconds before which no VM is begun; null while nothing is waited for. */
  readonly retryAt: number | null;
  /** Whether it is given up until somebody changes or resets the pool. */
  readonly halted: boolean;
}

export const NO_TROUBLE: PoolTrouble = { failures: 0, lastError: null, failedAt: null, retryAt: null, halted: false };

/** Whether it has failed since it last succeeded: nobody knows when it has another VM. */
export const isTroubled = ({ failures, retryAt, halted }: PoolTrouble): boolean =>
  failures > 0 || retryAt !== null || halted;

/** Whether it is given up, or waits after a failure. */
export const isPausing = ({ retryAt, halted }: Pick<PoolTrouble, 'retryAt' | 'halted'>, now: number): boolean =>
  halted || (retryAt !== null && retryAt > now);

export interface VmPool extends VmPoolWish, PoolTrouble {
  /** What the size, template and clone target were before they were overridden at run time. */
  readonly base: { readonly size: number; readonly template: string; readonly cloneTarget: string | null };
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly lastReadyAt: number | null;
}

/** A VM of a pool, from its first day to the end of its record. */
export interface PoolEntry {
  readonly vm: VmId;
  readonly name: string;
  readonly pool: string;
  readonly state: EntryState;
  /** The task that creates it. */
  readonly task: TaskId;
  /** On-demand request that it is made for. */
  readonly request: string | null;
  /** Epoch milliseconds: begun, cloned, ready, checked out, given back, gone. */
  readonly startedAt: number;
  readonly clonedAt: number | null;
  readonly readyAt: number | null;
  readonly checkedOutAt: number | null;
  readonly completedAt: number | null;
  readonly destroyedAt: number | null;
  /** When it was last seen to be well. */
  readonly probedAt: number | null;
  /** Who checked it out; both null without a token. */
  readonly tokenId: string | null;
  readonly user: string | null;
  /** Hours from checkout as set for this VM. */
  readonly lifetimeHours: number | null;
  /** Epoch milliseconds at which a checked-out VM is taken back. */
  readonly expiresAt: number | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Why it was given up. */
  readonly reason: string | null;
}

/** What holds for all VM pools (vmpooler-facts.md §2.9; keys of its `config` section). */
export interface PoolSettings {
  readonly siteName: string;
  /** Appended to VM names in answers. */
  readonly domain: string | null;
  /** Begins the names of VMs. */
  readonly prefix: string;
  /** Clones at a time for pools, and for on-demand requests. */
  readonly taskLimit: number;
  readonly ondemandCloneLimit: number;
  readonly timeoutMin: number;
  /** Minutes between looks at a ready VM. */
  readonly checkTimeMin: number;
  readonly readyTtlMin: number;
  /** Hours: without a token, with one (null: the same), and the limit that a PUT has to stay below. */
  readonly lifetimeHours: number;
  readonly lifetimeAuthHours: number | null;
  readonly maxLifetimeHours: number | null;
  /** Null: any. */
  readonly allowedTags: readonly string[] | null;
  /** Regular expression by tag: its captures replace a value that it matches. */
  readonly tagFilters: Readonly<Record<string, string>>;
  readonly cloneTarget: string | null;
  readonly backendWeights: Readonly<Record<string, number>>;
  /** Whether pools may be changed at run time through `/config`. */
  readonly experimental: boolean;
  readonly maxPerRequest: number;
  readonly requestTtlMin: number;
  /** Hours that the record of a destroyed VM is kept. */
  readonly dataTtlHours: number;
  /** Profile of imported pools whose template names none. */
  readonly defaultProfile: string;
  /** Failures in a row after which a pool is given up. */
  readonly maxFailures: number;
}

export const POOL_DEFAULTS: PoolSettings = {
  siteName: 'Slipway',
  domain: null,
  prefix: '',
  taskLimit: 10,
  ondemandCloneLimit: 10,
  timeoutMin: 15,
  checkTimeMin: 1,
  readyTtlMin: 60,
  lifetimeHours: 24,
  lifetimeAuthHours: null,
  maxLifetimeHours: null,
  allowedTags: null,
  tagFilters: {},
  cloneTarget: null,
  backendWeights: {},
  experimental: true,
  maxPerRequest: 10,
  requestTtlMin: 5,
  dataTtlHours: 168,
  defaultProfile: 'empty',
  maxFailures: 10,
};

export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;
/** Longest lifetime of a VM that may be asked for, in hours. */
export const MAX_LIFETIME_HOURS = 100_000;
/** Longest wait that a pool may be given, in minutes. */
export const MAX_MINUTES = 1_000_000;
/** Clones at a time that may be allowed at the most. */
export const MAX_CLONES = 1_000;

/** Lowest and highest values of a pool's numbers; `size` is how many VMs it keeps ready. */
export const POOL_LIMITS = {
  size: [0, 10_000],
  timeoutMin: [1, MAX_MINUTES],
  readyTtlMin: [0, MAX_MINUTES],
  maxClones: [1, MAX_CLONES],
  lifetimeHours: [1, MAX_LIFETIME_HOURS],
  maxLifetimeHours: [1, MAX_LIFETIME_HOURS],
  probePort: [1, 65_535],
} as const satisfies Partial<Record<keyof VmPoolWish, readonly [number, number]>>;

/** Names of VM pools and aliases: what vmpooler's users have, dots included. */
export const POOL_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

/** Hours from checkout: the VM's own, else the pool's, else the settings'. */
export const lifetimeOf = (
  entry: Pick<PoolEntry, 'lifetimeHours'>,
  pool: Pick<VmPoolWish, 'lifetimeHours'> | undefined,
  settings: PoolSettings,
): number => entry.lifetimeHours ?? pool?.lifetimeHours ?? settings.lifetimeHours;

/** Pause after so many failures in a row, in ms: from 1 s, doubling, to 5 minutes. */
export const backOffMs = (failures: number): number => Math.min(1_000 * 2 ** Math.max(0, failures - 1), 300_000);
