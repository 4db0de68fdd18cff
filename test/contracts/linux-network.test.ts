import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { linux } from '../../activities/drivers/network/linux.ts';
import { networkContract } from './network.ts';
import { missingNetworkLab, networkLab, tracesOf } from './network-lab.ts';

const namesIn = (dir: string): Promise<string[]> => readdir(dir).catch(() => []);

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
  missingNetworkLab(),
);
