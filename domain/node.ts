import type { NodeName } from './ids.ts';
import type { MiB } from './units.ts';

export type DaemonState = 'run' | 'init' | 'stop' | 'dead' | 'fenced';
export type CoordinatorState = 'primary' | 'secondary' | 'client' | 'takeover' | 'relinquish';
export type DomainState = 'ready' | 'flush' | 'flushed' | 'unflush';

/** What a hypervisor is, found out by its driver at start. */
export interface HostFacts {
  readonly arch: string;
  readonly kernel: string;
  readonly os: string;
  readonly cpus: number;
  readonly memory: MiB;
  /** 'kvm' only if a guest was seen to run under it. */
  readonly accel: 'kvm' | 'tcg' | 'sim';
  /** Path of the emulator. */
  readonly emulator: string;
  /** Filesystems that the node can make: those with a mkfs. */
  readonly filesystems: readonly string[];
  /** How many creations it is to work on at once, from its configuration; any number unless told. */
  readonly creations?: number;
}

/** What a hypervisor says of itself at every keepalive. */
export interface NodeReport {
  readonly name: NodeName;
  readonly facts: HostFacts;
  readonly load: number;
  readonly memoryUsed: number;
  readonly memoryFree: number;
  /** Epoch milliseconds when the node began to ask its hypervisor. */
  readonly askedAt: number;
  /** Domains that were running then or later, by VM id. */
  readonly running: readonly string[];
  /** What its storage pools have, in MiB: without it, no creation is refused for want of space. */
  readonly pools?: readonly { readonly name: string; readonly total: number; readonly free: number }[];
}

export interface Node {
  readonly name: NodeName;
  readonly driver: 'libvirt' | 'sim';
  readonly daemonState: DaemonState;
  readonly coordinatorState: CoordinatorState;
  readonly domainState: DomainState;
  readonly facts: HostFacts;
  readonly load: number;
  readonly memoryUsed: number;
  readonly memoryFree: number;
  /** Epoch milliseconds of the last keepalive. */
  readonly seenAt: number;
}

/** Memory that a node keeps for itself when VMs are placed (PVC keeps the same). */
export const RESERVED_MIB = 512;
/** Interval of keepalives, and how many may be missed before a node is dead (PVC's figures). */
export const KEEPALIVE_MS = 5_000;
export const KEEPALIVES_MISSED = 6;
/** A node that said nothing for so long is dead. */
export const DEAD_AFTER_MS = KEEPALIVE_MS * KEEPALIVES_MISSED;
/** Nodes that were last heard of before this moment are dead now; epoch ms. */
export const deadBefore = (now: number): number => now - DEAD_AFTER_MS;
