import { randomUUID } from 'node:crypto';
import {
  type BaseKey,
  type Mac,
  type NodeName,
  type SnapshotId,
  type TaskId,
  type VmId,
  type Vni,
  volumeId,
} from '../../domain/ids.ts';
import type { AttachDisk, ChangeSnapshot, ChangeVm, CreateVm } from '../../domain/plan.ts';
import { mib } from '../../domain/units.ts';
import type { Disk } from '../../domain/volume.ts';

export const NODE = 'hv1' as NodeName;
export const BASE = 'ba5e'.repeat(16) as BaseKey;

const uuid = (): string => randomUUID();

function disk(vm: VmId, name: string, diskId: string, filesystem: string | null): Disk {
  return {
    volume: volumeId(name, diskId, vm),
    name: `${name}_${diskId}`,
    pool: 'vms',
    diskId,
    size: mib(1024),
    fill: { kind: 'blank' },
    filesystem,
    filesystemArgs: [],
    mountpoint: filesystem ? '/' : null,
  };
}

/** A creation with everything that can be asked for, unless told otherwise. */
export function createCommand(change: Partial<CreateVm> = {}): CreateVm {
  const vm = uuid() as VmId;
  const name = change.name ?? 'web1';
  return {
    task: uuid() as TaskId,
    vm,
    name,
    node: NODE,
    memory: mib(512),
    vcpus: 1,
    disks: [disk(vm, name, 'sda', 'ext4'), disk(vm, name, 'sdb', null)],
    nics: [
      {
        vm,
        index: 0,
        vni: 100 as Vni,
        mac: `52:54:00:00:${vm.slice(0, 2)}:${vm.slice(2, 4)}` as Mac,
        ip: null,
        hostname: name,
      },
    ],
    serial: true,
    vnc: null,
    install: true,
    base: null,
    seed: 'nocloud',
    define: true,
    start: true,
    wait: 'cloud-init',
    waitTimeoutMs: 60_000,
    ...change,
  };
}

/** A change of the VM that `cmd` created. */
export const changeCommand = (cmd: CreateVm, change: Partial<ChangeVm> = {}): ChangeVm => ({
  task: uuid() as TaskId,
  vm: cmd.vm,
  name: cmd.name,
  node: cmd.node,
  disks: cmd.disks,
  nics: cmd.nics,
  deleteDisks: true,
  graceMs: 1_000,
  ...change,
});

/** A disk that can be added to the VM that `cmd` creates. */
export const addedDisk = ({ vm, name }: CreateVm, diskId = 'sdc'): Disk => ({
  ...disk(vm, name, diskId, null),
  fill: { kind: 'blank', snapshots: true },
});

/** A snapshot of the VM that `cmd` creates. */
export const snapshotCommand = (cmd: CreateVm, added: readonly Disk[] = []): ChangeSnapshot => ({
  ...{ task: uuid() as TaskId, vm: cmd.vm, name: cmd.name, node: cmd.node, added },
  snapshot: `s${uuid().replaceAll('-', '').slice(1)}` as SnapshotId,
});

export const diskCommand = (cmd: CreateVm): AttachDisk => ({
  ...{ task: uuid() as TaskId, vm: cmd.vm, name: cmd.name, node: cmd.node, disk: addedDisk(cmd) },
});
