import { expect } from 'vitest';
import { begun, has, message, type Row, SNAPSHOT } from './row.ts';

/** VMs, their snapshots, and volumes. */
export const VM_ROWS: readonly Row[] = [
  {
    route: 'GET /vm',
    body: [has({ name: 'web1', state: 'start' })],
    bad: [
      [{ state: 'dancing' }, 'state'],
      [{ negate: 'x' }, 'negate'],
    ],
  },
  {
    route: 'GET /vm/:vm',
    path: '/vm/web1',
    body: [has({ name: 'web1', arch: 'x86_64', machine: 'pc-q35-7.2', vnc: { listen: '127.0.0.1', port: '5901' } })],
    missing: '/vm/nope',
  },
  {
    route: 'GET /vm/:vm/state',
    path: '/vm/web1/state',
    body: { name: 'web1', state: 'start' },
    missing: '/vm/nope/state',
  },
  {
    route: 'GET /vm/:vm/node',
    path: '/vm/web1/node',
    body: { name: 'web1', node: 'hv1', last_node: '' },
    missing: '/vm/nope/node',
  },
  {
    route: 'GET /vm/:vm/console',
    path: '/vm/web1/console',
    values: { lines: '7' },
    body: { name: 'web1', data: 'line 4\nline 5\nline 6\nline 7\nline 8\nline 9\nline 10' },
    bad: [[{ lines: '-1' }, 'lines']],
    missing: '/vm/nope/console',
  },
  {
    route: 'POST /vm/:vm/state',
    path: '/vm/web1/state',
    values: { state: 'stop' },
    body: has({ message: expect.any(String), task_id: expect.any(String) }),
    bad: [
      [{ state: [] }, 'state'],
      [{ state: 'dance' }, 'state'],
      [{ wait: 'x' }, 'wait'],
    ],
    missing: '/vm/nope/state',
  },
  {
    route: 'DELETE /vm/:vm',
    path: '/vm/web1',
    values: { delete_disks: 'True' },
    body: message("Removed VM 'web1' and its disks."),
    bad: [[{ delete_disks: 'x' }, 'delete_disks']],
    missing: '/vm/nope',
  },

  {
    route: 'GET /storage/volume',
    body: [
      { pool: 'vms', name: 'old_sda', size_mb: 4096, node: 'hv1', vm: null },
      { pool: 'vms', name: 'web1_sda', size_mb: 4096, node: 'hv1', vm: 'web1' },
      { pool: 'vms', name: 'web1_sdb', size_mb: 3072, node: 'hv1', vm: 'web1' },
    ],
    bad: [[{ pool: 'nope' }, 'pool']],
  },
  {
    route: 'DELETE /storage/volume/:pool/:volume',
    path: '/storage/volume/vms/old_sda',
    status: 202,
    body: { task_id: expect.any(String), task_name: 'volume.remove', run_on: 'hv1' },
    missing: '/storage/volume/vms/nope',
  },
  {
    route: 'GET /vm/:vm/snapshot',
    path: '/vm/web1/snapshot',
    body: [has({ id: SNAPSHOT, name: 'clean', state: 'ready', failed_reason: null })],
    missing: '/vm/nope/snapshot',
  },
  {
    route: 'POST /vm/:vm/snapshot',
    path: '/vm/web1/snapshot',
    values: { snapshot_name: 'dirty' },
    status: 202,
    body: has({ task_name: 'vm.snapshot', run_on: 'hv1', snapshot_id: expect.stringMatching(/^[a-z][a-z0-9]{31}$/) }),
    bad: [
      [{ snapshot_name: 'ü' }, 'snapshot_name'],
      [{ snapshot_name: 'x'.repeat(65) }, 'snapshot_name'],
      [{ snapshot_name: 'clean' }, 'clean'],
    ],
    missing: '/vm/nope/snapshot',
  },
  {
    route: 'POST /vm/:vm/snapshot/rollback',
    path: '/vm/web1/snapshot/rollback',
    values: { snapshot_name: 'clean' },
    status: 202,
    body: begun('vm.revert'),
    bad: [
      [{ snapshot_name: [] }, 'snapshot_name'],
      [{ snapshot_name: 'nope' }, 'nope'],
    ],
    missing: '/vm/nope/snapshot/rollback',
  },
  ...['revert', 'rollback'].map(
    (word): Row => ({
      route: `POST /vm/:vm/snapshot/:snapshot/${word}`,
      path: `/vm/web1/snapshot/${SNAPSHOT}/${word}`,
      status: 202,
      body: begun('vm.revert'),
      missing: `/vm/web1/snapshot/nope/${word}`,
    }),
  ),
  {
    route: 'DELETE /vm/:vm/snapshot',
    path: '/vm/web1/snapshot',
    values: { snapshot_name: 'clean' },
    status: 202,
    body: begun('vm.snapshot-remove'),
    bad: [
      [{ snapshot_name: [] }, 'snapshot_name'],
      [{ snapshot_name: 'nope' }, 'nope'],
    ],
    missing: '/vm/nope/snapshot',
  },
  {
    route: 'DELETE /vm/:vm/snapshot/:snapshot',
    path: '/vm/web1/snapshot/clean',
    status: 202,
    body: begun('vm.snapshot-remove'),
    missing: '/vm/web1/snapshot/nope',
  },
  {
    route: 'GET /vm/:vm/disk',
    path: '/vm/web1/disk',
    body: [{ dev: 'sdb', name: 'vms/web1_sdb', size: 3 }],
    missing: '/vm/nope/disk',
  },
  {
    route: 'POST /vm/:vm/disk',
    path: '/vm/web1/disk',
    values: { size: '5' },
    status: 202,
    body: begun('vm.attach-disk'),
    bad: [
      [{ size: [] }, 'size'],
      [{ size: '0' }, 'size'],
      [{ size: '2049' }, 'size'],
      [{ size: 'big' }, 'size'],
    ],
    missing: '/vm/nope/disk',
  },
];
