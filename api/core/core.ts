import { accountService } from './account.ts';
import { diskService } from './disk.ts';
import { networkService } from './network.ts';
import { nodeService } from './node.ts';
import type { CoreParts } from './parts.ts';
import { profileService } from './profile.ts';
import { provisionerService } from './provisioner.ts';
import type { Services } from './services.ts';
import { snapshotService } from './snapshot.ts';
import { taskService } from './task.ts';
import { templateService } from './template.ts';
import { tokenService } from './token.ts';
import { tokenUse } from './token-use.ts';
import { userService } from './user.ts';
import { vmService } from './vm.ts';
import { checkoutService } from './vm-pool/checkout.ts';
import { entryService } from './vm-pool/entry.ts';
import { importService } from './vm-pool/import.ts';
import { entryOperations } from './vm-pool/operation.ts';
import { poolService } from './vm-pool/pool.ts';
import { requestService } from './vm-pool/request.ts';
import { statsService } from './vm-pool/stats.ts';
import { poolWaker } from './vm-pool/wake.ts';
import { volumeService } from './volume.ts';

/** The core over one store: all that dialects call. */
export function coreServices(parts: CoreParts): Services {
  const use = tokenUse(parts.store, parts.log);
  return {
    ...poolServices(parts),
    templates: templateService(parts.store),
    profiles: profileService(parts.store),
    provisioner: provisionerService(parts),
    vms: vmService(parts),
    snapshots: snapshotService(parts),
    disks: diskService(parts),
    tasks: taskService(parts),
    volumes: volumeService(parts),
    networks: networkService(parts),
    nodes: nodeService(parts.store),
    tokens: tokenService(parts, use),
    users: userService(parts),
    accounts: accountService(parts, use),
  };
}

/** VM pools: every change wakes the keepers of the pools that it concerns. */
function poolServices(
  parts: CoreParts,
): Pick<Services, 'pools' | 'checkouts' | 'poolVms' | 'poolRequests' | 'poolStats'> {
  const given = { ...parts, wake: poolWaker(parts) };
  return {
    pools: { ...poolService(given), ...importService(given) },
    checkouts: checkoutService(given),
    poolVms: { ...entryService(given), ...entryOperations(parts) },
    poolRequests: requestService(given),
    poolStats: statsService(parts.store),
  };
}
