import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { storeControlPlane } from '../../../activities/control-plane.ts';
import { domainXml } from '../../../activities/drivers/hypervisor/domain-xml.ts';
import { coreServices } from '../../../api/core/core.ts';
import type { CreateRequest } from '../../../api/core/create/request.ts';
import { type AccountParts, CORE_DEFAULTS, type CoreLog, type CoreSettings } from '../../../api/core/parts.ts';
import type { ProfileDocument } from '../../../api/core/profile/document.ts';
import type { Services } from '../../../api/core/services.ts';
import type { NodeName, TaskId, Vni } from '../../../domain/ids.ts';
import type { Jobs } from '../../../domain/jobs.ts';
import type { Network } from '../../../domain/network.ts';
import type { NodeReport } from '../../../domain/node.ts';
import type { CreateVm } from '../../../domain/plan.ts';
import { type Principal, SYSTEM } from '../../../domain/principal.ts';
import { mib } from '../../../domain/units.ts';
import { openStore, type Store } from '../../../store/open.ts';
import { insertStoragePool } from '../../../store/storage-pool.ts';
import { findTask } from '../../../store/task.ts';
import { renderSeed } from '../../../templates/cloud-init/seed.ts';

export const ADMIN: Principal = SYSTEM;

/** An installation's key. */
export const KEY = Buffer.alloc(32, 7);

/** What the core told the engine; may be told to be out of reach. */
export interface RecordingJobs extends Jobs {
  readonly started: Parameters<Jobs['start']>[0][];
  readonly cancelled: string[];
  /** VM pools whose keepers were woken. */
  readonly woken: string[];
  /** How workflows ended. */
  readonly fates: Map<string, string>;
  down: boolean;
}

export interface Cluster {
  readonly file: string;
  readonly store: Store;
  readonly services: Services;
  readonly jobs: RecordingJobs;
  readonly warnings: object[];
  /** A keepalive of this node. */
  node(name: string, change?: NodeChange): Promise<void>;
  /** Applies a profile that needs nothing special, changed. */
  profile(change?: Partial<ProfileDocument>): Promise<void>;
  /** Resolves when everything that was begun is committed. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export type NodeChange = Partial<Omit<NodeReport, 'name' | 'facts'>> & {
  readonly facts?: Partial<NodeReport['facts']>;
};

export const NETWORK: Network = {
  vni: 100 as Vni,
  description: 'default',
  type: 'managed',
  mtu: null,
  domain: 'example.internal',
  nameServers: [],
  ip4: { network: '10.1.0.0/24', gateway: '10.1.0.1', dhcp: { start: '10.1.0.10', end: '10.1.0.13' } },
  nat: true,
};

export const SCRIPT = 'def install(**kwargs):\n    pass\n';
export const BUILDING = 'def build(**kwargs):\n    pass\n\ndef install(**kwargs):\n    pass\n';

const PROFILE: ProfileDocument = {
  name: 'web',
  system: { vcpus: 1, memoryMiB: 512, serial: true },
  networks: [100],
  disks: [
    { id: 'sda', pool: 'vms', sizeGiB: 4, filesystem: 'ext4', mountpoint: '/' },
    { id: 'sdb', pool: 'vms', sizeGiB: 1 },
  ],
  arguments: { suite: 'bookworm' },
  wait: 'running',
  script: SCRIPT,
  userdata: '#cloud-config\nhostname: {{vm.name}}\n',
};

export const report = (name: string, { facts, ...change }: NodeChange = {}): NodeReport => ({
  name: name as NodeName,
  facts: {
    arch: 'x86_64',
    kernel: '6.1.0',
    os: 'Debian 12',
    cpus: 8,
    memory: mib(16384),
    accel: 'sim',
    emulator: '/usr/bin/qemu-system-x86_64',
    filesystems: ['ext4', 'swap', 'xfs'],
    ...facts,
  },
  load: 0,
  memoryUsed: 1024,
  memoryFree: 15360,
  askedAt: 0,
  running: [],
  ...change,
});

export function recordingJobs(): RecordingJobs {
  const jobs: RecordingJobs = {
    started: [],
    cancelled: [],
    down: false,
    start: async (task) => {
      if (jobs.down) throw new Error('no engine');
      jobs.started.push(task);
    },
    cancel: async (task) => {
      if (jobs.down) throw new Error('no engine');
      jobs.cancelled.push(task);
    },
    woken: [],
    wakePool: async (pool) => {
      if (jobs.down) throw new Error('no engine');
      jobs.woken.push(pool);
    },
    schedulePools: async () => undefined,
    fates: new Map(),
    fate: async (task) => jobs.fates.get(task) ?? null,
  };
  return jobs;
}

/** The core over a store file, as a composition root makes it. */
export function coreOver(
  store: Store,
  jobs: Jobs,
  log: CoreLog,
  settings: Partial<CoreSettings> = {},
  accounts: Partial<AccountParts> = {},
): Services {
  const renderer = { domainXml, seed: renderSeed };
  return coreServices({
    ...{ store, jobs, renderer, log },
    settings: { ...CORE_DEFAULTS, ...settings },
    accounts: { store: null, admins: [], key: KEY, ...accounts },
  });
}

/** A core over a new store on disk: storage pool `vms`, network 100 with four addresses, no nodes. */
export async function cluster(
  settings: Partial<CoreSettings> = {},
  accounts: Partial<AccountParts> = {},
): Promise<Cluster> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-core-'));
  const file = join(dir, 'slipway.db');
  const store = openStore(file);
  const jobs = recordingJobs();
  const warnings: object[] = [];
  const services = coreOver(store, jobs, { warn: (fields) => void warnings.push(fields) }, settings, accounts);
  const plane = storeControlPlane(store);
  await store.write((tx) => insertStoragePool(tx, { name: 'vms', driver: 'sim', config: {} }));
  await services.networks.create(ADMIN, NETWORK);
  return {
    ...{ file, store, services, jobs, warnings },
    node: (name, change) => plane.keepalive(report(name, change)),
    profile: (change) => services.profiles.apply(ADMIN, { ...PROFILE, ...change }),
    settled: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      await store.write(async () => undefined);
    },
    close: async () => {
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** What a creation's workflow is given. */
export async function inputOf(store: Store, task: string): Promise<CreateVm> {
  const row = await findTask(store.read, task as TaskId);
  if (row?.kind !== 'provisioner.create') throw new Error(`no creation ${task}`);
  return row.input as CreateVm;
}

export const request = (change: Partial<CreateRequest> = {}): CreateRequest => ({
  name: 'web1',
  profile: 'web',
  args: [],
  define: true,
  start: true,
  idempotencyKey: null,
  ...change,
});

/** Every row of every table, as text. */
export function rowsOf(file: string): string {
  const db = new BetterSqlite3(file, { readonly: true });
  try {
    const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck().all();
    return tables
      .map((table) => `${table}: ${JSON.stringify(db.prepare(`SELECT * FROM "${table}"`).all())}`)
      .join('\n');
  } finally {
    db.close();
  }
}
