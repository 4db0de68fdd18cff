import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findDaemons } from '../../activities/drivers/network/daemons.ts';
import { linux } from '../../activities/drivers/network/linux.ts';
import type { Vni } from '../../domain/ids.ts';
import { bridgeOf } from '../../domain/network.ts';
import { missing } from './missing.ts';
import { networkContract } from './network.ts';
import { type Lab, networkLab } from './network-lab.ts';

export const skip = missing(['ip', 'nft', 'dnsmasq', 'sysctl', 'udhcpc', 'busybox', 'python3']);

const namesIn = (dir: string): Promise<string[]> => readdir(dir).catch(() => []);

/** Whatever there is of a network on the lab's host. */
export async function tracesOf(lab: Lab, vni: Vni): Promise<readonly string[]> {
  const own = join(lab.dir, 'networks', `${vni}`);
  const links = JSON.parse((await lab.host(['ip', '-json', 'link', 'show'])).stdout) as { ifname: string }[];
  const tables = (await lab.host(['nft', 'list', 'tables'])).stdout.split('\n');
  const daemons = await findDaemons('dnsmasq', `--conf-file=${own}/`);
  return [
    ...links.map(({ ifname }) => ifname).filter((name) => name === bridgeOf(vni) || name === `vlan${vni}`),
    ...tables.filter((line) => line.endsWith(` slipway_${vni}`)),
    ...daemons.map(({ pid }) => `dnsmasq ${pid}`),
    ...(await namesIn(own)).sort(),
  ];
}

networkContract(
  'linux',
  async () => {
    const lab = await networkLab();
    const settings = { dir: lab.dir, run: lab.host, metadataPort: 7371 };
    return {
      driver: linux(settings),
      again: () => linux(settings),
      traces: (vni) => tracesOf(lab, vni),
      leases: async (vni) => {
        const own = join(lab.dir, 'networks', `${vni}`);
        const files = (await namesIn(join(own, 'guests'))).sort();
        const text = async (sub: string, file: string) => (await readFile(join(own, sub, file), 'utf8')).trim();
        const known = await Promise.all(
          files.map(async (file) => [await text('guests', file), await text('names', file)]),
        );
        return known.map(([guest = '', name]) => {
          const [mac, ip, hostname] = guest.split(',');
          if (name !== `${ip} ${hostname}`) throw new Error(`DHCP says '${guest}' and DNS '${name}'`);
          return `${mac} ${ip} ${hostname}`;
        });
      },
      end: lab.end,
    };
  },
  skip,
);
