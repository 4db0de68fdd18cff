import type { Vni } from '../domain/ids.ts';
import type { Nic } from '../domain/network.ts';
import type { HostDeps } from './host.ts';

export function networkActivities({ network, controlPlane }: Pick<HostDeps, 'network' | 'controlPlane'>) {
  return {
    /** Succeeds if the networks of these guests are here, and DHCP and DNS know the guests. */
    ensureNics: async (nics: readonly Nic[]): Promise<void> => {
      const byNetwork = Map.groupBy(nics, (nic) => nic.vni);
      for (const [vni, guests] of byNetwork) await network.ensure(await controlPlane.network(vni), guests);
    },

    /** The networks stay: other guests may be on them. */
    removeLeases: async (nics: readonly Nic[]): Promise<void> => {
      for (const nic of nics) await network.removeLease(nic.vni, nic.mac);
    },

    removeNetwork: (vni: Vni): Promise<void> => network.remove(vni),
  };
}
