import type { HostDeps } from './host-deps.ts';
import { diskActivities } from './host-disk.ts';
import { domainActivities } from './host-domain.ts';
import { installActivities } from './host-install.ts';
import { networkActivities } from './host-network.ts';
import { probeActivities } from './host-probe.ts';

export type HostActivities = ReturnType<typeof hostActivities>;

/** Activities of a node's queue: one effect each, repeatable. */
export function hostActivities(deps: HostDeps) {
  return {
    ...diskActivities(deps),
    ...installActivities(deps),
    ...networkActivities(deps),
    ...domainActivities(deps),
    ...probeActivities(deps),
  };
}
