import { accountService } from './account.ts';
import { networkService } from './network.ts';
import { nodeService } from './node.ts';
import type { CoreParts } from './parts.ts';
import { profileService } from './profile.ts';
import { provisionerService } from './provisioner.ts';
import type { Services } from './services.ts';
import { taskService } from './task.ts';
import { templateService } from './template.ts';
import { tokenService } from './token.ts';
import { tokenUse } from './token-use.ts';
import { userService } from './user.ts';
import { vmService } from './vm.ts';

/** The core over one store: all that dialects call. */
export function coreServices(parts: CoreParts): Services {
  const use = tokenUse(parts.store, parts.log);
  return {
    templates: templateService(parts.store),
    profiles: profileService(parts.store),
    provisioner: provisionerService(parts),
    vms: vmService(parts),
    tasks: taskService(parts),
    networks: networkService(parts),
    nodes: nodeService(parts.store),
    tokens: tokenService(parts, use),
    users: userService(parts.store),
    accounts: accountService(parts, use),
  };
}
