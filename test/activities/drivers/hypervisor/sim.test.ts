import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sim } from '../../../../activities/drivers/hypervisor/sim.ts';
import { hypervisorContract } from '../../../contracts/hypervisor.ts';

const file = (format: 'raw' | 'qcow2') => ({ type: 'file', path: `/pool/${randomUUID()}.${format}`, format }) as const;

for (const stepMs of [0, 10]) {
  hypervisorContract(`sim, ${stepMs} ms a step`, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'slipway-sim-'));
    return {
      driver: sim({ dir, stepMs }),
      again: () => sim({ dir, stepMs }),
      guest: async (format = 'raw') => ({ disks: [{ diskId: 'sda', source: file(format) }], boot: null }),
      blank: async (format) => file(format),
      boots: /Cloud-init v\. .* finished at /,
      heedsAcpi: true,
      // Another process of this host ends it.
      crash: (vm) => sim({ dir }).stop(vm),
      end: () => rm(dir, { recursive: true }),
    };
  });
}
