import type { VmId } from '../../../domain/ids.ts';
import type { HostFacts } from '../../../domain/node.ts';
import type { DomainSpec } from '../../../domain/plan.ts';
import type { Snapshots } from './snapshots.ts';

export interface HypervisorTraits {
  readonly liveMigration: boolean;
  /** Whether a guest really boots, so that waiting for its cloud-init makes sense. */
  readonly boots: boolean;
  /** Whether its node can connect to what a guest listens on. */
  readonly connects: boolean;
}

export interface DomainStatus {
  readonly vm: VmId;
  readonly name: string;
  readonly running: boolean;
}

/** One host's hypervisor. Every method may be repeated with the same arguments, also after it half ran. */
export interface HypervisorDriver {
  readonly traits: HypervisorTraits;
  /** Found out once per process; 'unavailable' with the way out if the hypervisor does not answer. */
  facts(): Promise<HostFacts>;
  /** 1-minute load average and memory in MiB, now. */
  usage(): Promise<{ readonly load: number; readonly memoryUsed: number; readonly memoryFree: number }>;
  /** Succeeds if the domain is defined like this; returns its XML. */
  define(spec: DomainSpec): Promise<string>;
  /** Succeeds if no such domain is defined or running; ends it if it runs; removes its console log. */
  undefine(vm: VmId): Promise<void>;
  /** Succeeds if the domain runs. */
  start(vm: VmId): Promise<void>;
  /** Succeeds if the domain does not run: power off. */
  stop(vm: VmId): Promise<void>;
  /** ACPI power button, then waits for the guest to be off; false if it still runs after `graceMs`. */
  shutdown(vm: VmId, graceMs: number, signal: AbortSignal): Promise<boolean>;
  list(): Promise<readonly DomainStatus[]>;
  /** Succeeds if the domain has this disk for good, and its guest while it runs; returns the domain's XML. 'conflict' if another disk is there. */
  attachDisk(vm: VmId, disk: DomainSpec['disks'][number]): Promise<string>;
  /** Succeeds if the domain has no such disk; returns its XML, null without a domain. 'unavailable' while its guest does not let go of it. */
  detachDisk(vm: VmId, diskId: string): Promise<string | null>;
  readonly snapshots: Snapshots;
  /**
   * File that the serial console is logged to; it appears when the domain first starts and grows until undefine, or until virtlogd
   * moves it aside and begins another.
   */
  consolePath(vm: VmId): string;
  /**
   * Resolves with the first console line that matches; woken by the log's growth.
   * 'unavailable' if the domain stops running first. Rejects with the signal's reason when aborted.
   */
  awaitConsole(vm: VmId, pattern: RegExp, signal: AbortSignal): Promise<string>;
}
