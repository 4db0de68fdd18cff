import type { Mac, Vni } from '../../../domain/ids.ts';
import type { Network, Nic } from '../../../domain/network.ts';

export interface NetworkTraits {
  /** Whether guests reach the metadata service at 169.254.169.254. */
  readonly metadata: boolean;
}

/** One host's networks. Every method may be repeated with the same arguments, also after it half ran. */
export interface NetworkDriver {
  readonly traits: NetworkTraits;
  /**
   * Succeeds if bridge, gateway, DHCP, DNS, address translation and the way to the metadata service are as described, and
   * these guests have their leases: in one go, since every creation asks for it.
   */
  ensure(network: Network, guests?: readonly Nic[]): Promise<void>;
  /** Succeeds if nothing of the network is left on this host. */
  remove(vni: Vni): Promise<void>;
  /** Succeeds if DHCP gives this guest its address and DNS knows its name. */
  ensureLease(nic: Nic): Promise<void>;
  /** Succeeds if DHCP and DNS know nothing of this address any more. */
  removeLease(vni: Vni, mac: Mac): Promise<void>;
  /**
   * Succeeds if DHCP and DNS answer on every network made here, with logs of 1 MiB at most, and the rules for its guests hold;
   * returns the networks on which any of that was gone, and is back.
   */
  keep(): Promise<readonly Vni[]>;
  /** VNIs that this host has anything of. */
  list(): Promise<readonly Vni[]>;
}
