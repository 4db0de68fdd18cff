import type { Principal } from '../../domain/principal.ts';
import type { Task } from '../../domain/task.ts';

export interface CreateRequest {
  readonly name: string;
  readonly profile: string;
  /** `name=value`, overriding the profile's. */
  readonly args: readonly string[];
  readonly define: boolean;
  readonly start: boolean;
  /** From the header Idempotency-Key: the same key and request gives the same task, another request 'conflict'. */
  readonly idempotencyKey: string | null;
}

/** What a VM would get. */
export interface Rendering {
  readonly xml: string;
  readonly userData: string;
  readonly metaData: string;
  readonly networkConfig: string | null;
  readonly node: string;
  readonly nics: readonly { readonly vni: number; readonly mac: string; readonly ip: string | null }[];
  readonly disks: readonly {
    readonly name: string;
    readonly pool: string;
    readonly sizeMiB: number;
    readonly filesystem: string | null;
  }[];
  /** What would be run on the node, in order, for a person to read. */
  readonly commands: readonly string[];
}

export interface ProvisionerService {
  /**
   * Checks everything, reserves name, node, memory, vCPUs, storage and addresses in one transaction, and starts the work.
   * Refuses with the reason, nothing being made: unknown profile or part ('invalid'/'not-found'), a name taken ('exists'), no node with
   * room ('no-capacity' with each node's reason), a filesystem without mkfs, a pool without space.
   */
  create(who: Principal, request: CreateRequest): Promise<Task>;
  /** The same decisions, nothing made and nothing reserved. */
  render(who: Principal, request: Pick<CreateRequest, 'name' | 'profile' | 'args'>): Promise<Rendering>;
}
