import type { AccountService } from './account.ts';
import type { DiskService } from './disk.ts';
import type { NetworkService } from './network.ts';
import type { NodeService } from './node.ts';
import type { ProfileService } from './profile.ts';
import type { ProvisionerService } from './provisioner.ts';
import type { SnapshotService } from './snapshot.ts';
import type { TaskService } from './task.ts';
import type { TemplateService } from './template.ts';
import type { TokenService } from './token.ts';
import type { UserService } from './user.ts';
import type { VmService } from './vm.ts';
import type { CheckoutService } from './vm-pool/checkout.ts';
import type { EntryService } from './vm-pool/entry.ts';
import type { ImportService } from './vm-pool/import.ts';
import type { EntryOperations } from './vm-pool/operation.ts';
import type { PoolService } from './vm-pool/pool.ts';
import type { RequestService } from './vm-pool/request.ts';
import type { StatsService } from './vm-pool/stats.ts';
import type { VolumeService } from './volume.ts';

/** The core as every dialect sees it. */
export interface Services {
  readonly templates: TemplateService;
  readonly profiles: ProfileService;
  readonly provisioner: ProvisionerService;
  readonly vms: VmService;
  readonly snapshots: SnapshotService;
  readonly disks: DiskService;
  readonly tasks: TaskService;
  readonly volumes: VolumeService;
  readonly networks: NetworkService;
  readonly nodes: NodeService;
  readonly tokens: TokenService;
  readonly pools: PoolService & ImportService;
  readonly checkouts: CheckoutService;
  readonly poolVms: EntryService & EntryOperations;
  readonly poolRequests: RequestService;
  readonly users: UserService;
  readonly accounts: AccountService;
  readonly poolStats: StatsService;
}
