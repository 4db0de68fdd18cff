import { afterAll, beforeAll, describe } from 'vitest';
import { consoleCases } from './hypervisor-console.ts';
import { diskCases } from './hypervisor-disk.ts';
import { domainCases } from './hypervisor-domain.ts';
import { type HypervisorWorld, hypervisorLab } from './hypervisor-lab.ts';
import { powerCases } from './hypervisor-power.ts';
import { snapshotCases } from './hypervisor-snapshot.ts';

/** What every hypervisor driver has to do. */
export function hypervisorContract(name: string, make: () => Promise<HypervisorWorld>, skip?: string): void {
  describe.skipIf(skip)(
    `hypervisor contract: ${name}${skip ? ` (skipped: ${skip})` : ''}`,
    { timeout: 120_000 },
    () => {
      const lab = hypervisorLab(make);
      beforeAll(() => lab.open(), 60_000);
      afterAll(() => lab.close(), 60_000);
      for (const cases of [domainCases, powerCases, consoleCases, snapshotCases, diskCases]) cases(lab);
    },
  );
}
