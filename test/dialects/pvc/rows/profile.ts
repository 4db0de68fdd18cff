import { expect } from 'vitest';
import type { Values } from '../../served.ts';
import { changed, has, P, type Row } from './row.ts';

const profile: Values = {
  profile_type: 'provisioner',
  system_template: 'small',
  network_template: 'net200+net300',
  storage_template: 'root',
  userdata: 'ud',
  script: 'sc',
  arg: ['deb_release=buster', 'opts=a=b'],
};
const profileBad: Row['bad'] = [
  [{ system_template: [] }, 'system_template'],
  [{ system_template: 'nope' }, "system_template: there is no system template 'nope'"],
  [{ network_template: 'nope' }, "network_template: there is no network template 'nope'"],
  [{ storage_template: 'nope' }, "storage_template: there is no storage template 'nope'"],
  [{ userdata: 'nope' }, 'userdata'],
  [{ script: 'nope' }, 'script'],
  [{ arg: 'no-equals' }, 'arg'],
  [{ profile_type: 'magic' }, 'profile_type'],
  [{ wait: 'forever' }, 'wait'],
];

/** Profiles, and creations from them. */
export const PROFILE_ROWS: readonly Row[] = [
  {
    route: `GET ${P}`,
    body: [
      has({ name: 'spare-profile' }),
      has({
        name: 'web',
        type: 'provisioner',
        userdata: 'ud',
        userdata_template: 'ud',
        ova: 'N/A',
        arguments: ['a=1', 'b=1'],
      }),
    ],
  },
  {
    route: `POST ${P}`,
    values: { name: 'new', ...profile },
    body: changed('new'),
    bad: [[{ name: [] }, 'name'], [{ name: 'web' }, 'web'], ...(profileBad ?? [])],
  },
  { route: `GET ${P}/:name`, path: `${P}/web`, body: [has({ name: 'web', wait: 'running' })], missing: `${P}/nope` },
  { route: `POST ${P}/:name`, path: `${P}/new`, values: profile, body: changed('new'), bad: profileBad ?? [] },
  {
    route: `PUT ${P}/:name`,
    path: `${P}/web`,
    values: { arg: 'b=2', wait: 'cloud-init' },
    body: changed('web'),
    bad: [
      [{ script: 'nope' }, 'script'],
      [{ wait: 'x' }, 'wait'],
      [{ wait: '' }, 'wait'],
      [{ system_template: '' }, 'system_template'],
    ],
    missing: `${P}/nope`,
  },
  {
    route: `DELETE ${P}/:name`,
    path: `${P}/spare-profile`,
    body: changed('spare-profile'),
    missing: `${P}/nope`,
  },
  {
    route: `GET ${P}/:name/export`,
    path: `${P}/web/export`,
    body: has({ name: 'web', system: has({ vcpus: 1, memoryMiB: 512 }), networks: [200] }),
    missing: `${P}/nope/export`,
  },
  {
    route: `POST ${P}/:profile/render`,
    path: `${P}/web/render`,
    values: { name: 'vm1', arg: ['a=2', 'b=3'] },
    body: has({
      node: 'hv1',
      userdata: '#cloud-config\n# a=2 b=3\n',
      networks: [{ vni: 200, mac: expect.stringMatching(/^52:54:00(:[0-9a-f]{2}){3}$/), ip: null }],
      disks: [{ name: 'vm1_sda', pool: 'vms', size_mb: 4096, filesystem: 'ext4' }],
    }),
    bad: [[{ name: [] }, 'name']],
    missing: `${P}/nope/render`,
  },
  {
    route: 'POST /provisioner/create',
    values: { name: 'vm1', profile: 'web', define_vm: 'True', start_vm: 'False', arg: ['a=2', 'b=c=d'] },
    status: 202,
    body: { task_id: expect.any(String), task_name: 'provisioner.create', run_on: 'hv1' },
    bad: [
      [{ name: [] }, 'name'],
      [{ profile: [] }, 'profile'],
      [{ profile: 'nope' }, 'nope'],
      [{ name: 'web1' }, 'web1'],
      [{ start_vm: 'x' }, 'start_vm'],
    ],
  },
];
