import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sim } from '../../../../activities/drivers/network/sim.ts';
import type { Nic } from '../../../../domain/network.ts';
import { networkContract } from '../../../contracts/network.ts';

const namesIn = (dir: string): Promise<string[]> => readdir(dir).catch(() => []);

for (const stepMs of [0, 20]) {
  networkContract(`sim, ${stepMs} ms a step`, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'slipway-sim-'));
    return {
      driver: sim({ dir, stepMs }),
      again: () => sim({ dir, stepMs }),
      traces: async (vni) => [
        ...(await namesIn(join(dir, 'networks'))).filter((name) => name === `${vni}.json`),
        ...(await namesIn(join(dir, 'leases', `${vni}`))),
      ],
      leases: async (vni) => {
        const files = (await namesIn(join(dir, 'leases', `${vni}`))).sort();
        const texts = await Promise.all(files.map((file) => readFile(join(dir, 'leases', `${vni}`, file), 'utf8')));
        return texts.map((text) => JSON.parse(text) as Nic).map(({ mac, ip, hostname }) => `${mac} ${ip} ${hostname}`);
      },
      end: () => rm(dir, { recursive: true }),
    };
  });
}
