import type { NodeName, VmId } from './ids.ts';

/** A VM that is to be looked at from its node. */
export interface PoolProbe {
  readonly vm: VmId;
  readonly node: NodeName;
  readonly ip: string;
  readonly port: number;
}

/** What a look at a VM has found. */
export interface PoolLook {
  readonly vm: VmId;
  readonly well: boolean;
}

/** What is left to do after a turn. */
export interface PoolTurn {
  /** Epoch ms at which something is due even if nobody wakes the keeper; null without. */
  readonly wakeAt: number | null;
  readonly probes: readonly PoolProbe[];
  /** Other pools that this turn left work for. */
  readonly wake: readonly string[];
}

/** What the workflow of a VM pool asks for. Implemented by the core over the store. */
export interface PoolKeeper {
  /**
   * Brings the pool towards what is wanted: begins clones, hands out on-demand VMs, takes back what ran out, deletes what was given
   * up. At `now` (epoch ms) by the caller's clock, or later: what is due by either clock is due, and what happens is stamped with the
   * moment at which it is written. Repeatable: what was begun is in the store. Null when the pool is gone and nothing of it is left.
   */
  keep(pool: string, now: number): Promise<PoolTurn | null>;
  /** What looks have found. */
  probed(pool: string, found: readonly PoolLook[], now: number): Promise<void>;
  /** Pools that have, or should have, a keeper. */
  pools(): Promise<readonly string[]>;
}

/** Temporal's name of a pool's workflow. */
export const keeperId = (pool: string): string => `pool:${pool}`;

/** Signal that wakes a keeper. */
export const WAKE_SIGNAL = 'wakePool';
