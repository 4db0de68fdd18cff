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
import { vmService } from './vm.ts';

/** The core over one store: all that dialects call. */
export const coreServices = (parts: CoreParts): Services => ({
  templates: templateService(parts.store),
  profiles: profileService(parts.store),
  provisioner: provisionerService(parts),
  vms: vmService(parts),
  snapshots: snapshotService(parts),
  disks: diskService(parts),
  tasks: taskService(parts),
  networks: networkService(parts),
  nodes: nodeService(parts.store),
  tokens: tokenService(parts),
});
