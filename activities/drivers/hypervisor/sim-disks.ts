import { conflict, notFound } from '../../../domain/fault.ts';
import type { DomainSpec } from '../../../domain/plan.ts';
import type { HypervisorDriver } from './driver.ts';
import type { SimDomain, SimDomains } from './sim-domains.ts';

/** Disks of simulated domains; `render` makes a domain's XML. */
export function simDisks(
  { domains, change }: SimDomains,
  render: (spec: DomainSpec) => Promise<string>,
  effect: () => Promise<void>,
): Pick<HypervisorDriver, 'attachDisk' | 'detachDisk'> {
  const put = async ({ vm, spec }: SimDomain, disks: DomainSpec['disks']): Promise<string> => {
    await effect();
    const next = { ...spec, disks };
    const xml = await render(next);
    await change(vm, { spec: next, xml });
    return xml;
  };
  return {
    attachDisk: async (vm, disk) => {
      const now = await domains.find(vm);
      if (!now) throw notFound('domain', vm);
      const there = now.spec.disks.find(({ diskId }) => diskId === disk.diskId);
      if (there === undefined) return put(now, [...now.spec.disks, disk]);
      if (JSON.stringify(there.source) === JSON.stringify(disk.source)) return now.xml;
      throw conflict(`The domain ${vm} has another ${disk.diskId}.`);
    },
    detachDisk: async (vm, diskId) => {
      const now = await domains.find(vm);
      if (!now) return null;
      const rest = now.spec.disks.filter((disk) => disk.diskId !== diskId);
      return rest.length === now.spec.disks.length ? now.xml : put(now, rest);
    },
  };
}
