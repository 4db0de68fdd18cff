import { networkService } from './network.ts';
import { nodeService } from './node.ts';
import type { CoreParts } from './parts.ts';
import { profileService } from './profile.ts';
import { provisionerService } from './provisioner.ts';
import type { Services } from './services.ts';
import { taskService } from './task.ts';
import { templateService } from './template.ts';
import { tokenService } from './token.ts';
import { vmService } from './vm.ts';
import { checkoutService } from './vm-pool/checkout.ts';
import { entryService } from './vm-pool/entry.ts';
import { poolService } from './vm-pool/pool.ts';
import { requestService } from './vm-pool/request.ts';
import { statsService } from './vm-pool/stats.ts';
import { poolWaker } from './vm-pool/wake.ts';

/** The core over one store: all that dialects call. */
export const coreServices = (parts: CoreParts): Services => ({
  ...poolServices(parts),
  templates: templateService(parts.store),
  profiles: profileService(parts.store),
  provisioner: provisionerService(parts),
  vms: vmService(parts),
  tasks: taskService(parts),
  networks: networkService(parts),
  nodes: nodeService(parts.store),
  tokens: tokenService(parts),
});

/** VM pools: every change wakes the keepers of the pools that it concerns. */
function poolServices(
  parts: CoreParts,
): Pick<Services, 'pools' | 'checkouts' | 'poolVms' | 'poolRequests' | 'poolStats'> {
  const given = { store: parts.store, wake: poolWaker(parts) };
  return {
    pools: poolService(given),
    checkouts: checkoutService(given),
    poolVms: entryService(given),
    poolRequests: requestService(given),
    poolStats: statsService(parts.store),
  };
}
