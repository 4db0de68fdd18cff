import type { DiskService } from './disk.ts';
import type { NetworkService } from './network.ts';
import type { NodeService } from './node.ts';
import type { ProfileService } from './profile.ts';
import type { ProvisionerService } from './provisioner.ts';
import type { SnapshotService } from './snapshot.ts';
import type { TaskService } from './task.ts';
import type { TemplateService } from './template.ts';
import type { TokenService } from './token.ts';
import type { VmService } from './vm.ts';

/** The core as every dialect sees it. */
export interface Services {
  readonly templates: TemplateService;
  readonly profiles: ProfileService;
  readonly provisioner: ProvisionerService;
  readonly vms: VmService;
  readonly snapshots: SnapshotService;
  readonly disks: DiskService;
  readonly tasks: TaskService;
  readonly networks: NetworkService;
  readonly nodes: NodeService;
  readonly tokens: TokenService;
}
