import type { Values } from '../../served.ts';
import { changed, has, message, type Row, T } from './row.ts';

export const disk: Values = {
  pool: 'vms',
  disk_size: '4',
  filesystem: 'ext4',
  filesystem_arg: ['-L=root', '-m=1'],
  mountpoint: '/',
};
const diskBad: Row['bad'] = [
  [{ pool: [] }, 'pool'],
  [{ disk_size: 'big' }, 'disk_size'],
  [{ disk_size: '0.5' }, 'disk_size'],
  [{ disk_size: [] }, 'disk_size'],
  [{ disk_size: '1048577' }, 'disk_size'],
  [{ filesystem: [] }, 'mountpoint'],
  [{ filesystem_arg: '-L a b' }, 'filesystem_arg'],
];

/** Storage templates. */
export const STORAGE_TEMPLATE_ROWS: readonly Row[] = [
  {
    route: `GET ${T}/storage`,
    body: [has({ name: 'root', disks: [has({ disk_id: 'sda', disk_size_gb: 4, filesystem_args: '-L=root -m=1' })] })],
  },
  {
    route: `POST ${T}/storage`,
    values: { name: 'two' },
    body: changed('two'),
    bad: [
      [{ name: [] }, 'name'],
      [{ name: 'root' }, 'root'],
    ],
  },
  {
    route: `GET ${T}/storage/:name`,
    path: `${T}/storage/root`,
    body: [has({ name: 'root' })],
    missing: `${T}/storage/nope`,
  },
  { route: `POST ${T}/storage/:name`, path: `${T}/storage/two`, body: changed('two') },
  {
    route: `DELETE ${T}/storage/:name`,
    path: `${T}/storage/root`,
    status: 510,
    body: message('in use by the profiles: spare-profile, web'),
  },
  {
    route: `GET ${T}/storage/:name/disk`,
    path: `${T}/storage/root/disk`,
    body: [has({ disk_id: 'sda', source_volume: null })],
    missing: `${T}/storage/nope/disk`,
  },
  {
    route: `POST ${T}/storage/:name/disk`,
    path: `${T}/storage/root/disk`,
    values: { disk_id: 'sdb', ...disk },
    body: changed('root', { disk_id: 'sdb' }),
    bad: [[{ disk_id: [] }, 'disk_id'], [{ disk_id: 'sda' }, 'sda'], ...(diskBad ?? [])],
  },
  {
    route: `DELETE ${T}/storage/:name/disk`,
    path: `${T}/storage/root/disk`,
    values: { disk_id: 'sda' },
    body: changed('root', { disk_id: 'sda' }),
    bad: [
      [{ disk_id: [] }, 'disk_id'],
      [{ disk_id: 'sdz' }, 'sdz'],
    ],
  },
  {
    route: `GET ${T}/storage/:name/disk/:disk_id`,
    path: `${T}/storage/root/disk/sda`,
    body: [has({ disk_id: 'sda', filesystem: 'ext4', mountpoint: '/' })],
    missing: `${T}/storage/root/disk/sdz`,
  },
  {
    route: `POST ${T}/storage/:name/disk/:disk_id`,
    path: `${T}/storage/root/disk/sdb`,
    values: disk,
    body: changed('root', { disk_id: 'sdb' }),
    bad: diskBad ?? [],
  },
  {
    route: `DELETE ${T}/storage/:name/disk/:disk_id`,
    path: `${T}/storage/root/disk/sda`,
    body: changed('root', { disk_id: 'sda' }),
    missing: `${T}/storage/root/disk/sdz`,
  },
];
