import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storeControlPlane } from '../../../activities/control-plane.ts';
import { takeLock } from '../../../cli/instance/lock.ts';
import { type Paths, pathsOf } from '../../../cli/paths.ts';
import { bringDown } from '../../../cli/process/down.ts';
import { rememberLibvirt } from '../../../cli/process/host.ts';
import type { VmId } from '../../../domain/ids.ts';
import { openStore } from '../../../store/open.ts';
import { insertStoragePool } from '../../../store/storage-pool.ts';
import { insertVm } from '../../../store/vm.ts';
import { report } from '../../api/core/cluster.ts';
import { scriptedRun } from '../../scripted-run.ts';

const VM = '10000000-0000-4000-8000-000000000000' as VmId;
const ROW = {
  ...{ id: VM, name: 'web1', node: 'hv1', tenant: 'default', description: '', state: 'running' },
  ...{ memory: 512, vcpus: 1, selector: 'mem', autostart: false, serial: true, createdAt: 0, args: {} },
};
const NO_BRIDGES = { argv: 'ip -json link show type bridge', stdout: '[]' };

let paths: Paths;
beforeEach(() => {
  paths = pathsOf(mkdtempSync(join(tmpdir(), 'slipway-down-')));
});
afterEach(() => rmSync(paths.dir, { recursive: true, force: true }));

/** An installation with one VM on one real node. */
async function installation(): Promise<void> {
  mkdirSync(paths.node('hv1'), { recursive: true });
  const store = openStore(paths.store);
  await store.write(async (tx) => {
    await insertStoragePool(tx, { name: 'vms', driver: 'local', config: { path: paths.pool('vms') } });
    await insertVm(tx, ROW as never);
  });
  await store.close();
}

const down = (run: ReturnType<typeof scriptedRun>['run'], purge = false) =>
  bringDown(paths, { guests: true, purge, say: () => undefined, run });

const skip = process.getuid?.() === 0 ? undefined : 'not root: guests of a real node are ended by root only';

describe.skipIf(skip)(`ending guests${skip ? ` (skipped: ${skip})` : ''}`, () => {
  it.each(['qemu:///system', 'qemu+unix:///system?socket=/run/other/libvirt-sock'])(
    'asks the libvirt that the node used: %s',
    async (uri) => {
      await installation();
      rememberLibvirt(paths, 'hv1', { uri, own: false });
      const { run, done } = scriptedRun([{ argv: `virsh -q -c ${uri} destroy ${VM}` }, NO_BRIDGES]);
      await down(run);
      done();
    },
  );

  it('asks the private one where the node used that last, and ends it', async () => {
    await installation();
    rememberLibvirt(paths, 'hv1', { uri: 'qemu:///system', own: false });
    rememberLibvirt(paths, 'hv1', { uri: 'qemu:///private', own: true });
    mkdirSync(paths.libvirt);
    const script = join(import.meta.dirname, '../../../scripts/host/libvirtd.sh');
    const { run, done } = scriptedRun([
      { argv: `${script} start ${paths.libvirt}`, stdout: 'qemu:///private\n' },
      { argv: `virsh -q -c qemu:///private destroy ${VM}` },
      NO_BRIDGES,
      { argv: `${script} end ${paths.libvirt}` },
    ]);
    await down(run);
    done();
  });

  it('asks no libvirt about a simulated node, also where a first start made the pool a real one', async () => {
    await installation();
    const store = openStore(paths.store);
    await storeControlPlane(store).keepalive(report('hv1', { facts: { accel: 'sim' } }));
    await store.close();
    const { run, done } = scriptedRun([]);
    await down(run);
    done();
  });

  it('leaves no directory, either, when everything is to go', async () => {
    await installation();
    const uri = 'qemu:///system';
    const { run, done } = scriptedRun([
      { argv: `virsh -q -c ${uri} destroy ${VM}` },
      { argv: `virsh -q -c ${uri} undefine ${VM} --managed-save --snapshots-metadata --checkpoints-metadata --nvram` },
      NO_BRIDGES,
    ]);
    await down(run, true);
    done();
    expect(existsSync(paths.dir)).toBe(false);
  });
});

it.each(['guests', 'purge'] as const)(
  'ends and removes nothing under a node that another process is (%s)',
  async (what) => {
    mkdirSync(paths.node('hv1'), { recursive: true });
    openStore(paths.store).close();
    const held = takeLock(paths.nodeLock('hv1'), 'held');
    const common = { say: () => undefined, lockMs: 0, ...scriptedRun([]) };
    const plan = { ...common, guests: what === 'guests', purge: what === 'purge' };
    try {
      await expect(bringDown(paths, plan)).rejects.toThrow(/is the node hv1 of .*: end it first/);
      expect(existsSync(paths.store)).toBe(true);
    } finally {
      held.release();
    }
    await bringDown(paths, plan);
    expect(existsSync(paths.dir)).toBe(what === 'guests');
  },
);

it('removes nothing under an API that is a process of its own', async () => {
  const store = openStore(paths.store);
  mkdirSync(paths.node('hv1'), { recursive: true });
  const plan = { guests: false, purge: true, say: () => undefined, lockMs: 0, ...scriptedRun([]) };
  await expect(bringDown(paths, plan)).rejects.toThrow(/'slipway api' or 'slipway control', works on .*: end it first/);
  await store.write(async () => undefined);
  await store.close();
  await bringDown(paths, plan);
  expect(existsSync(paths.dir)).toBe(false);
});

it('leaves the private libvirtd to a node that is a process of its own', async () => {
  openStore(paths.store).close();
  mkdirSync(paths.libvirt);
  const held = takeLock(paths.hostLock, 'held');
  const plan = { guests: false, purge: false, say: () => undefined };
  await bringDown(paths, { ...plan, run: scriptedRun([]).run });
  held.release();
  const script = join(import.meta.dirname, '../../../scripts/host/libvirtd.sh');
  const { run, done } = scriptedRun([{ argv: `${script} stop ${paths.libvirt}` }]);
  await bringDown(paths, { ...plan, run });
  done();
});
