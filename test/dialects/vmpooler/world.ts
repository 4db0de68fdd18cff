import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { Express } from 'express';
import { pino } from 'pino';
import { dummy } from '../../../api/accounts/dummy.ts';
import type { Services } from '../../../api/core/services.ts';
import { vmpoolerSite } from '../../../api/dialects/vmpooler/site.ts';
import { ALONE, BESIDE, vmpooler } from '../../../api/dialects/vmpooler/vmpooler.ts';
import { createApp } from '../../../api/http/app.ts';
import type { Dialect } from '../../../api/http/dialect.ts';
import type { NodeName, SnapshotId, VmId } from '../../../domain/ids.ts';
import { gibToMib } from '../../../domain/units.ts';
import { HOUR_MS, type PoolSettings } from '../../../domain/vm-pool.ts';
import { type Db, openStore, type Store } from '../../../store/open.ts';
import { addTags } from '../../../store/pool-day.ts';
import { findEntry, takeable, updateEntry } from '../../../store/pool-entry.ts';
import { updateRequest } from '../../../store/pool-request.ts';
import { nodes } from '../../../store/schema/node.ts';
import { insertSnapshot } from '../../../store/snapshot.ts';
import { insertVolumes } from '../../../store/volume.ts';
import { ADMIN, coreOver, recordingJobs } from '../../api/core/cluster.ts';
import { pooled } from '../../api/core/vm-pool/pooled.ts';

/** A store's file with pools that are full, people with tokens, and VMs that they have checked out. */
export interface Fixture {
  readonly file: string;
  /** Texts for `{name}` in rows: VMs `free` and `tagged` (taken without a token), `mine`, `theirs`, `ready`; tokens `jdoe`, `asmith`, `boss`, `unused`. */
  readonly names: Readonly<Record<string, string>>;
  remove(): void;
}

/** Somebody anywhere who is administrator by the configuration. */
const PEOPLE = { store: dummy(), admins: ['boss'] };

const SETTINGS: Partial<PoolSettings> = { domain: 'company.com', lifetimeHours: 12, lifetimeAuthHours: 24 };

const POOLS = [
  { name: 'debian-7-i386', template: 'templates/debian-7-i386', size: 6, aliases: ['debian'] },
  { name: 'debian-7-x86_64', template: 'templates/debian-7-x86_64', size: 3, aliases: ['debian', 'deb-64'] },
  { name: 'centos-6-x86_64', template: 'templates/centos-6', size: 2, aliases: [] },
] as const;

export async function makeFixture(): Promise<Fixture> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-pooler-'));
  const file = join(dir, 'slipway.db');
  const at = await pooled(PEOPLE);
  const { accounts, checkouts, pools, poolRequests } = at.services;
  await pools.changeSettings(ADMIN, SETTINGS);
  for (const pool of POOLS) {
    await at.pool(pool);
    await at.fill(pool.name);
  }
  const names: Record<string, string> = {};
  const options = { waitMs: 0, gone: false, signal: new AbortController().signal };
  const take = async (who: Parameters<typeof checkouts.take>[0], name: string): Promise<string> =>
    (await checkouts.take(who, [{ name, count: 1 }], options))[0]?.vms[0] ?? '';
  for (const user of ['jdoe', 'asmith', 'boss', 'unused']) {
    const role = user === 'boss' ? 'admin' : 'user';
    names[user] = await accounts.issue({ account: user, tenant: 'default', role });
  }
  const holder = async (user: string) => (await accounts.principalOf(names[user] ?? '')) ?? 'nobody';
  names.free = await take('nobody', 'debian-7-x86_64');
  names.mine = await take(await holder('jdoe'), 'debian-7-i386');
  names.theirs = await take(await holder('asmith'), 'debian-7-i386');
  names.tagged = await take('nobody', 'centos-6-x86_64');
  const tags = { department: 'engineering', user: 'jdoe' };
  await at.services.poolVms.change(await holder('boss'), names.tagged, { tags });
  for (const name of [names.free, names.mine, names.theirs, names.tagged])
    await at.store.write((tx) => takenLongAgo(tx, name));
  // The document's summary counts these.
  await at.store.write(async (tx) => {
    await addTags(tx, 'one', { department: 'help desk', user: 'arodgers' }, Date.now());
    await addTags(tx, 'two', { department: 'IT', user: 'cmatthews' }, Date.now());
    await addTags(tx, 'three', { department: 'IT', user: 'jnelson' }, Date.now());
  });
  names.snapshot = 'n4eb4kdtp7rwv4x158366vd9jhac8btq';
  await at.store.write(async (tx) => {
    // As if its profile had a base image.
    await tx.run(sql`UPDATE volumes SET fill = json_set(fill, '$.snapshots', json('true'))`);
    const vm = (await findEntry(tx, names.mine ?? ''))?.vm as VmId;
    const moment = { vm, failedReason: null, createdAt: Date.now(), readyAt: Date.now() };
    await insertSnapshot(tx, { ...moment, id: names.snapshot as SnapshotId, name: 'before', state: 'ready' });
    await insertSnapshot(tx, { ...moment, id: 'pending' as SnapshotId, name: null, state: 'pending' });
    await insertSnapshot(tx, { ...moment, id: 'going' as SnapshotId, name: 'old', state: 'removing' });
    await insertSnapshot(tx, {
      ...moment,
      id: 'failed' as SnapshotId,
      name: null,
      state: 'failed',
      failedReason: 'No room.',
    });
    const disk = {
      volume: 'v',
      name: 'v',
      pool: 'vms',
      diskId: 'sdc',
      size: gibToMib(8),
      fill: { kind: 'blank', snapshots: true },
    };
    const row = { ...disk, filesystem: null, filesystemArgs: [], mountpoint: null } as never;
    await insertVolumes(tx, [row], { vm, tenant: 'default', node: 'hv1' as NodeName, addedAt: Date.now() });
  });
  names.ready = (await takeable(at.store.read, 'centos-6-x86_64', 1))[0]?.name ?? '';
  await pools.override(ADMIN, [{ name: 'centos-6-x86_64', change: { size: 3 } }]);
  const jdoe = await holder('jdoe');
  await poolRequests.create(jdoe, [{ name: 'debian-7-i386', count: 2 }], 'known');
  await poolRequests.create(jdoe, [{ name: 'debian-7-i386', count: 1 }], 'done');
  await at.store.write((tx) => updateRequest(tx, 'done', { state: 'ready' }));
  const mine = await findEntry(at.store.read, names.mine);
  if (!mine) throw new Error('bug: a VM that was checked out is unknown');
  await at.store.write((tx) => updateEntry(tx, mine.vm, { request: 'done' }));
  await at.settled();
  // However long the rows take.
  await at.store.write((tx) => tx.update(nodes).set({ seenAt: Date.now() + HOUR_MS }) as Promise<unknown>);
  at.store.read.run(sql`VACUUM INTO ${file}`);
  await at.close();
  return { file, names, remove: () => rmSync(dir, { recursive: true }) };
}

/** 3.1 hours ago, as in the document. */
const AGO = 3.1 * HOUR_MS;

async function takenLongAgo(tx: Db, name: string): Promise<void> {
  const entry = await findEntry(tx, name);
  if (!entry?.checkedOutAt || !entry.expiresAt) throw new Error(`bug: ${name} was not checked out`);
  const times = { checkedOutAt: entry.checkedOutAt - AGO, expiresAt: entry.expiresAt - AGO };
  await updateEntry(tx, entry.vm, times);
}

export interface Pooler {
  /** The store's. */
  readonly file: string;
  readonly store: Store;
  readonly services: Services;
  readonly dialect: Dialect;
  /** All dialects' port, and vmpooler's own. */
  readonly beside: string;
  readonly alone: string;
  readonly logged: () => string;
  close(): Promise<void>;
}

/** Both apps over a copy of the fixture's store, listening on free ports; `people` false: no authentication store. */
export async function pooler({ file }: Fixture, people = true): Promise<Pooler> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-pooler-'));
  const own = join(dir, 'slipway.db');
  copyFileSync(file, own);
  const store = openStore(own);
  const lines: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  const services = coreOver(store, recordingJobs(), logger, {}, people ? PEOPLE : {});
  const dialect = vmpooler(services, BESIDE);
  const closing = new AbortController();
  const shared = { authenticate: async () => null, logger, version: '1.0.3', closing: closing.signal };
  const metrics = { text: async () => '', contentType: 'text/plain' };
  const parts = { stats: services.poolStats, metrics };
  const servers = await Promise.all([
    served(createApp({ ...shared, dialects: [dialect] })),
    served(createApp({ ...shared, dialects: [vmpooler(services, ALONE), vmpoolerSite(parts, '/')] })),
  ]);
  const [beside = '', alone = ''] = servers.map(
    (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  );
  return {
    ...{ file: own, store, services, dialect, beside, alone },
    logged: () => lines.join(''),
    close: async () => {
      closing.abort();
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      await store.close();
      rmSync(dir, { recursive: true });
    },
  };
}

async function served(app: Express): Promise<Server> {
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
