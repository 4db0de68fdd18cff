import { expect } from 'vitest';
import { changed, has, message, type Row, T } from './row.ts';

/** Network templates. */
export const NETWORK_TEMPLATE_ROWS: readonly Row[] = [
  {
    route: `GET ${T}/network`,
    body: [has({ name: 'net200+net300', mac_template: null, networks: [has({ vni: '200' })] })],
  },
  {
    route: `POST ${T}/network`,
    values: { name: 'other', mac_template: '{prefix}:00:0{vmid}:0{netid}' },
    body: changed('other'),
    bad: [
      [{ name: [] }, 'name'],
      [{ name: 'net200 net300' }, 'net200+net300'],
    ],
  },
  {
    route: `GET ${T}/network/:name`,
    path: `${T}/network/net200%2Bnet300`,
    body: [has({ name: 'net200+net300' })],
    missing: `${T}/network/nope`,
  },
  { route: `POST ${T}/network/:name`, path: `${T}/network/other`, body: changed('other') },
  {
    route: `PUT ${T}/network/:name`,
    path: `${T}/network/net200+net300`,
    values: { mac_template: '{prefix}:00:0{vmid}:0{netid}' },
    body: changed('net200+net300'),
    bad: [[{ mac_template: 'nonsense' }, 'mac_template']],
    missing: `${T}/network/nope`,
  },
  {
    route: `DELETE ${T}/network/:name`,
    path: `${T}/network/net200+net300`,
    status: 510,
    body: message('in use by the profiles: spare-profile, web'),
  },
  {
    route: `GET ${T}/network/:name/net`,
    path: `${T}/network/net200+net300/net`,
    body: [has({ vni: '200', network_template: expect.any(Number) })],
    missing: `${T}/network/nope/net`,
  },
  {
    route: `POST ${T}/network/:name/net`,
    path: `${T}/network/net200+net300/net`,
    values: { vni: '300' },
    body: changed('net200+net300', { vni: 300 }),
    bad: [
      [{ vni: [] }, 'vni'],
      [{ vni: 'x' }, 'vni'],
      [{ vni: '999' }, 'vni'],
      [{ vni: '200' }, '200'],
    ],
  },
  {
    route: `DELETE ${T}/network/:name/net`,
    path: `${T}/network/net200+net300/net`,
    values: { vni: '200' },
    body: changed('net200+net300', { vni: 200 }),
    bad: [
      [{ vni: [] }, 'vni'],
      [{ vni: '300' }, '300'],
    ],
  },
  {
    route: `GET ${T}/network/:name/net/:vni`,
    path: `${T}/network/net200+net300/net/200`,
    body: [has({ vni: '200' })],
    missing: `${T}/network/net200+net300/net/300`,
  },
  {
    route: `POST ${T}/network/:name/net/:vni`,
    path: `${T}/network/net200+net300/net/200`,
    values: { permit_duplicate: '' },
    body: changed('net200+net300', { vni: 200 }),
    bad: [
      [{ permit_duplicate: 'False' }, '200'],
      [{ permit_duplicate: 'x' }, 'permit_duplicate'],
    ],
  },
  {
    route: `DELETE ${T}/network/:name/net/:vni`,
    path: `${T}/network/net200+net300/net/200`,
    body: changed('net200+net300'),
    missing: `${T}/network/net200+net300/net/300`,
  },
];
