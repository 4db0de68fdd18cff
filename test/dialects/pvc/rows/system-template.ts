import { expect } from 'vitest';
import type { Values } from '../../served.ts';
import { changed, has, message, type Row, T } from './row.ts';

const system: Values = {
  vcpus: '2',
  vram: '1024',
  serial: 'true',
  vnc: 'False',
  node_limit: 'hv1,hv2',
  node_selector: 'mem',
  start_with_node: 'no',
};
const systemBad: Row['bad'] = [
  [{ vcpus: [] }, 'vcpus'],
  [{ vcpus: 'two' }, 'vcpus'],
  [{ vcpus: '0' }, 'vcpus'],
  [{ vcpus: '1e3' }, 'vcpus'],
  [{ vcpus: '4097' }, 'vcpus'],
  [{ vram: '1073741825' }, 'vram'],
  [{ node_limit: 'hv1 hv2' }, 'node_limit'],
  [{ vcpus: ['1', '2'] }, 'vcpus'],
  [{ vram: '' }, 'vram'],
  [{ vram: '-5' }, 'vram'],
  [{ serial: 'maybe' }, 'serial'],
  [{ vnc: '2' }, 'vnc'],
  [{ node_selector: 'best' }, 'node_selector'],
  [{ migration_method: 'teleport' }, 'migration_method'],
  [{ migration_max_downtime: 'long' }, 'migration_max_downtime'],
];

/** All templates, and those of systems. */
export const SYSTEM_TEMPLATE_ROWS: readonly Row[] = [
  {
    route: `GET ${T}`,
    body: has({ system_templates: [has({ name: 'small' })], userdata_templates: expect.any(Array) }),
  },
  {
    route: `GET ${T}/:name`,
    path: `${T}/net200+net300`,
    body: has({ system_templates: [], network_templates: [has({ name: 'net200+net300' })] }),
    missing: `${T}/nope`,
  },

  {
    route: `GET ${T}/system`,
    body: [
      has({ name: 'small', vcpu_count: 1, vram_mb: 512, start_with_node: false, node_autostart: false, ova: null }),
    ],
  },
  {
    route: `POST ${T}/system`,
    values: { name: 'big', ...system },
    body: changed('big'),
    bad: [
      [{ name: [] }, 'name'],
      [{ name: '' }, 'name'],
      [{ name: 'a/b' }, 'name'],
      [{ name: 'small' }, 'small'],
      ...(systemBad ?? []),
    ],
  },
  {
    route: `GET ${T}/system/:name`,
    path: `${T}/system/small`,
    body: [has({ name: 'small', migration_max_downtime: 300 })],
    missing: `${T}/system/nope`,
  },
  {
    route: `POST ${T}/system/:name`,
    path: `${T}/system/big`,
    values: system,
    body: changed('big'),
    bad: systemBad ?? [],
  },
  {
    route: `PUT ${T}/system/:name`,
    path: `${T}/system/small`,
    values: { vcpus: '8' },
    body: changed('small'),
    bad: [
      [{ vcpus: 'x' }, 'vcpus'],
      [{ vram: '0' }, 'vram'],
      [{ vcpus: '' }, 'vcpus'],
      [{ vram: '' }, 'vram'],
      [{ vnc_bind: 'here' }, 'vnc_bind'],
    ],
    missing: `${T}/system/nope`,
  },
  {
    route: `DELETE ${T}/system/:name`,
    path: `${T}/system/small`,
    status: 510,
    body: message('in use by the profiles: spare-profile, web'),
  },
];
