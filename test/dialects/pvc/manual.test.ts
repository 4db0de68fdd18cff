import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { storeControlPlane } from '../../../activities/control-plane.ts';
import { insertStoragePool } from '../../../store/storage-pool.ts';
import { report } from '../../api/core/cluster.ts';
import { type Served, served } from '../served.ts';

const USERDATA = '#cloud-config\npackages:\n  - htop\n';
const FILE = '/usr/share/pvc/provisioner/examples/userdata.yaml';
/** The manual names the user-data's file here, too; a script that is none is refused. */
const SCRIPT = 'def install(**kwargs):\n    pass\n';
const SCRIPT_FILE = '/usr/share/pvc/provisioner/examples/debootstrap_script.py';
const V1 = 'http://localhost:7370/api/v1';

/** Every command of the manual's provisioner part, as it stands there, and what it answers. */
const LINES: readonly (readonly [string, unknown])[] = [
  [
    String.raw`curl -X POST ${V1}/provisioner/template/system?name=2cpu-1gb-serial\&vcpus=2\&vram=1024\&serial=true\&vnc=false\&node_limit='pvchv1,pvchv2'\&node_selector=mem\&start_with_node=false`,
    { name: '2cpu-1gb-serial' },
  ],
  [
    `curl -X GET ${V1}/provisioner/template/system/2cpu-1gb-serial`,
    [
      {
        name: '2cpu-1gb-serial',
        vcpu_count: 2,
        vram_mb: 1024,
        serial: true,
        vnc: false,
        node_limit: 'pvchv1,pvchv2',
        node_selector: 'mem',
        start_with_node: false,
      },
    ],
  ],
  [`curl -X POST ${V1}/provisioner/template/network?name=net200+net300`, { name: 'net200+net300' }],
  [`curl -X POST ${V1}/provisioner/template/network/net200+net300/net?vni=200`, { name: 'net200+net300', vni: 200 }],
  [`curl -X POST ${V1}/provisioner/template/network/net200+net300/net/300`, { vni: 300 }],
  [
    `curl -X GET ${V1}/provisioner/template/net200+net300`,
    { network_templates: [{ name: 'net200+net300', networks: [{ vni: '200' }, { vni: '300' }] }] },
  ],
  [`curl -X GET ${V1}/provisioner/template/network/net200+net300`, [{ name: 'net200+net300' }]],
  [`curl -X POST ${V1}/provisioner/template/storage/ext4-root-var-log`, { name: 'ext4-root-var-log' }],
  [
    String.raw`curl -X POST ${V1}/provisioner/template/storage/ext4-root-var-log/disk?disk_id=sda\&disk_size=4\&filesystem=ext4\&mountpoint=/\&pool=vms\&filesystem_arg='-L=root'`,
    { disk_id: 'sda' },
  ],
  [
    String.raw`curl -X POST ${V1}/provisioner/template/storage/ext4-root-var-log/disk/sdb?disk_size=4\&filesystem=ext4\&mountpoint=/var\&pool=vms\&filesystem_arg='-L=var'`,
    { disk_id: 'sdb' },
  ],
  [
    String.raw`curl -X POST ${V1}/provisioner/template/storage/ext4-root-var-log/disk/sdc -d "disk_size=4\&filesystem=ext4\&mountpoint=/var/log\&pool=vms\&filesystem_arg='-L=log'\&filesystem_arg='-m=1'"`,
    { disk_id: 'sdc' },
  ],
  [
    `curl -X GET ${V1}/provisioner/template/storage/ext4-root-var-log`,
    [
      {
        name: 'ext4-root-var-log',
        disks: [
          {
            disk_id: 'sda',
            pool: 'vms',
            disk_size_gb: 4,
            filesystem: 'ext4',
            filesystem_args: '-L=root',
            mountpoint: '/',
          },
          { disk_id: 'sdb', filesystem_args: '-L=var', mountpoint: '/var' },
          { disk_id: 'sdc', filesystem_args: '-L=log -m=1', mountpoint: '/var/log', pool: 'vms', filesystem: 'ext4' },
        ],
      },
    ],
  ],
  [
    `curl -X POST ${V1}/provisioner/template/userdata?name=example-userdata -d "data=$( cat ${FILE} )"`,
    { name: 'example-userdata' },
  ],
  [
    `curl -X GET ${V1}/provisioner/template/userdata?name=example-userdata`,
    [{ name: 'example-userdata', userdata: USERDATA.trimEnd() }],
  ],
  [
    `curl -X POST ${V1}/provisioner/script/debootstrap-example -d "data=$( cat ${SCRIPT_FILE} )"`,
    { name: 'debootstrap-example' },
  ],
  [`curl -X GET ${V1}/provisioner/script/debootstrap-example`, [{ script: SCRIPT.trimEnd() }]],
  [
    String.raw`curl -X POST ${V1}/provisioner/profile/test-profile?system_template=2cpu-1gb-serial\&network_template=net200+net300\&disk_template=ext4-root-var-log\&userdata_template=example-userdata\&script=debootstrap-example\&arg=deb_release=buster\&arg=deb_mirror=http://MIRROR/debian\&arg=deb_packages=linux-image-amd64,grub-pc,cloud-init,python3-cffi-backend,wget`,
    { name: 'test-profile' },
  ],
  [
    `curl -X GET ${V1}/provisioner/profile/test-profile`,
    [
      {
        name: 'test-profile',
        system_template: '2cpu-1gb-serial',
        network_template: 'net200+net300',
        storage_template: 'ext4-root-var-log',
        userdata_template: 'example-userdata',
        userdata: 'example-userdata',
        script: 'debootstrap-example',
        arguments: [
          'deb_release=buster',
          'deb_mirror=http://MIRROR/debian',
          'deb_packages=linux-image-amd64,grub-pc,cloud-init,python3-cffi-backend,wget',
        ],
      },
    ],
  ],
  [
    String.raw`curl -X POST ${V1}/provisioner/create?name=test1\&profile=test-profile`,
    { task_name: 'provisioner.create' },
  ],
  [`curl -X GET ${V1}/provisioner/status/<task-id>`, { state: 'PENDING' }],
];

let world: Served;
let dir: string;
let taskId = '';

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pvc-manual-'));
  writeFileSync(join(dir, 'userdata.yaml'), USERDATA);
  writeFileSync(join(dir, 'script.py'), SCRIPT);
  world = await served({ authentication: false });
  await world.store.write((tx) => insertStoragePool(tx, { name: 'vms', driver: 'sim', config: {} }));
  await storeControlPlane(world.store).keepalive(report('pvchv1'));
  for (const vni of ['200', '300']) {
    await fetch(`${world.origin}/api/v1/network?vni=${vni}&description=n${vni}&nettype=managed`, { method: 'POST' });
  }
});
afterAll(async () => {
  await world.close();
  rmSync(dir, { recursive: true });
});

/** What a shell gives curl: its words, by the shell itself. */
const words = (line: string): string[] =>
  execFileSync('bash', ['-c', `curl() { printf '%s\\0' "$@"; }; ${line}`], { encoding: 'utf8', cwd: dir })
    .split('\0')
    .slice(0, -1);

async function curl(line: string): Promise<Response> {
  const [flag, method = '', url = '', data, body] = words(line);
  expect([flag, data], line).toEqual(['-X', body === undefined ? undefined : '-d']);
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return fetch(url, { method, ...(body !== undefined && { headers: type, body }) });
}

it.each(LINES)('%s', async (line, expected) => {
  const here = line
    .replace('http://localhost:7370', world.origin)
    .replace(FILE, join(dir, 'userdata.yaml'))
    .replace(SCRIPT_FILE, join(dir, 'script.py'))
    .replace('<task-id>', taskId);
  const response = await curl(here);
  const body = (await response.json()) as { task_id?: string };
  expect(response.status, JSON.stringify(body)).toBe(line.includes('/create') ? 202 : 200);
  expect(body).toMatchObject(expected as object);
  taskId ||= body.task_id ?? '';
});
