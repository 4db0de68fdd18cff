import type { Network } from '../../domain/network.ts';
import type { Principal } from '../../domain/principal.ts';

export interface NetworkService {
  /** `limit`: regular expression over descriptions and numbers, as for VMs. */
  list(who: Principal, limit?: string): Promise<readonly Network[]>;
  /** By VNI or description. */
  get(who: Principal, ref: string): Promise<Network>;
  /** 'invalid' with the field for bad addresses, a gateway or DHCP range outside the network, or one that overlaps another network's. */
  create(who: Principal, network: Network): Promise<void>;
  /** 'conflict' while a VM or a network template uses it; nodes forget it by a task of their own. */
  remove(who: Principal, ref: string): Promise<void>;
}
