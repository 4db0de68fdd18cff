import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { notFound } from '../../../domain/fault.ts';
import type { Vni } from '../../../domain/ids.ts';
import type { Network, Nic } from '../../../domain/network.ts';
import { stateFiles } from '../state-files.ts';
import type { NetworkDriver } from './driver.ts';

export interface SimNetworkSettings {
  readonly dir: string;
  /** How long every effect takes. */
  readonly stepMs?: number;
}

/** Networks of files: each knows its guests' leases, and no packet flows. */
export function sim({ dir, stepMs = 0 }: SimNetworkSettings): NetworkDriver {
  const networks = stateFiles<Network>(join(dir, 'networks'));
  const leasesDir = (vni: Vni): string => join(dir, 'leases', `${vni}`);
  const leases = (vni: Vni) => stateFiles<Nic>(leasesDir(vni));
  const effect = (): Promise<void> => pass(stepMs);
  return {
    traits: { metadata: true },
    ensure: async (network, guests = []) => {
      await effect();
      await networks.put(`${network.vni}`, network);
      for (const nic of guests) await leases(network.vni).put(nic.mac, nic);
    },
    remove: async (vni) => {
      await effect();
      await rm(leasesDir(vni), { recursive: true, force: true });
      await networks.drop(`${vni}`);
    },
    ensureLease: async (nic) => {
      if (!(await networks.find(`${nic.vni}`))) throw notFound('network', `${nic.vni}`);
      await effect();
      await leases(nic.vni).put(nic.mac, nic);
    },
    removeLease: async (vni, mac) => {
      await effect();
      await leases(vni).drop(mac);
    },
    // No process serves a network of files: none can die.
    keep: async () => [],
    list: async () => (await networks.keys()).map((vni) => Number(vni) as Vni).sort((a, b) => a - b),
  };
}
