import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mib } from '../../../domain/units.ts';
import type { Disk } from '../../../domain/volume.ts';
import { appendToConsole } from '../../../store/console.ts';
import { insertNics } from '../../../store/nic.ts';
import { type NodeRow, upsertNode } from '../../../store/node.ts';
import type { Db } from '../../../store/open.ts';
import { tokens } from '../../../store/schema/access.ts';
import { insertSnapshot } from '../../../store/snapshot.ts';
import { insertStoragePool } from '../../../store/storage-pool.ts';
import { appendTaskLog, insertTask, updateTask } from '../../../store/task.ts';
import { insertVm } from '../../../store/vm.ts';
import { insertVolumes } from '../../../store/volume.ts';
import { report } from '../../api/core/cluster.ts';
import { client, served } from '../served.ts';
import { FIXTURE } from './rows/fixture.ts';
import { ENDED, SNAPSHOT, TASK } from './rows/row.ts';

/** A store's file with everything that the rows expect; made once, since each endpoint gets a copy. */
export interface Fixture {
  readonly file: string;
  remove(): void;
}

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const VM = '10000000-0000-4000-8000-000000000000';

export async function makeFixture(): Promise<Fixture> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-fixture-'));
  const file = join(dir, 'slipway.db');
  const world = await served();
  const call = client(world.origin);
  await world.store.write((tx) => insertStoragePool(tx, { name: 'vms', driver: 'sim', config: {} }));
  for (const [path, values] of FIXTURE) {
    const { status, body } = await call('POST', path, values);
    if (status !== 200) throw new Error(`fixture ${path}: ${status} ${JSON.stringify(body)}`);
  }
  await world.store.write(insertRunning);
  await world.close(file);
  return { file, remove: () => rmSync(dir, { recursive: true }) };
}

/** What only time and work bring about: nodes that are heard of or not, a VM that runs, tasks. */
async function insertRunning(tx: Db): Promise<void> {
  await tx.update(tokens).set({ id: '0', createdAt: START });
  await upsertNode(tx, node('hv1', Date.now() + HOUR));
  await upsertNode(tx, node('hv2', START));
  await insertVm(tx, WEB1 as never);
  await insertVolumes(tx, [DISK as unknown as Disk], { vm: VM, tenant: 'default', node: 'hv1' } as never);
  const old = { ...DISK, volume: 'old_sda-1', name: 'old_sda' } as unknown as Disk;
  await insertVolumes(tx, [old], { vm: null, tenant: 'default', node: 'hv1' } as never);
  const added = { ...DISK, volume: 'web1_sdb-1', name: 'web1_sdb', diskId: 'sdb', size: 3072, mountpoint: null };
  const owner = { vm: VM, tenant: 'default', node: 'hv1', addedAt: START };
  await insertVolumes(tx, [added as unknown as Disk], owner as never);
  const moment = { state: 'ready', failedReason: null, createdAt: START, readyAt: START };
  await insertSnapshot(tx, { id: SNAPSHOT, vm: VM, name: 'clean', ...moment } as never);
  const nic = { vm: VM, index: 0, vni: 100, mac: '52:54:01:00:00:01', ip: '10.0.0.2', hostname: 'web1' };
  await insertNics(tx, [nic as never]);
  const console = Array.from({ length: 10 }, (_, i) => `line ${i + 1}\n`).join('');
  await appendToConsole(tx, VM as never, 0, console);
  for (const id of [TASK, ENDED]) {
    await insertTask(tx, {
      ...{ id, kind: 'vm.stop', target: 'web1', tenant: 'default', account: 'admin', runOn: 'hv1', input: {} },
      workflowStarted: true,
    } as never);
    await updateTask(tx, id as never, { createdAt: START });
  }
  const done = { state: 'SUCCESS', current: 3, total: 3, status: 'Done.', finishedAt: START } as const;
  await updateTask(tx, ENDED as never, done);
  const lines = ['line 1', 'line 2'].map((text) => ({ at: START, step: 'install', text }));
  await appendTaskLog(tx, ENDED as never, lines);
}

const node = (name: string, seenAt: number): NodeRow => {
  const { facts } = report(name, { facts: { memory: mib(16384) } });
  return {
    ...{ name: name as NodeRow['name'], driver: 'sim', daemonState: 'run', domainState: 'ready', facts, seenAt },
    ...{ coordinatorState: name === 'hv1' ? 'primary' : 'client', load: 0.25 },
    ...{ memoryUsed: 2048.5, memoryFree: 14335.5, memoryOther: 1024 },
  };
};

const WEB1 = {
  ...{ id: VM, name: 'web1', tenant: 'default', state: 'running', node: 'hv1', profile: 'web', description: '' },
  ...{ memory: 1024, vcpus: 2, nodeLimit: ['hv1'], selector: 'mem', autostart: false, serial: true },
  ...{ vnc: '127.0.0.1', defined: true, createdAt: START, args: {} },
  xml: `<domain type='qemu'><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os><features><acpi/><apic/></features><devices>
<emulator>/usr/bin/qemu-system-x86_64</emulator><controller type='usb' index='0' model='none'/><controller type="scsi" index="0" model="virtio-scsi"/>
<console type='pty'/><graphics type='vnc' port='5901' autoport='yes' listen='127.0.0.1'/></devices></domain>`,
};

const DISK = {
  ...{ volume: 'web1_sda-1', name: 'web1_sda', pool: 'vms', diskId: 'sda', size: 4096 },
  fill: { kind: 'blank', snapshots: true },
  ...{ filesystem: 'ext4', filesystemArgs: [], mountpoint: '/' },
};
