import { expect } from 'vitest';
import type { Values } from '../../served.ts';
import { has, message, type Row } from './row.ts';

const network: Values = {
  vni: '400',
  description: 'dmz',
  nettype: 'managed',
  mtu: '',
  domain: 'dmz.example.org',
  name_servers: ['10.4.0.53', '9.9.9.9'],
  ip4_network: '10.4.0.0/24',
  ip4_gateway: '10.4.0.1',
  dhcp4: 'True',
  dhcp4_start: '10.4.0.10',
  dhcp4_end: '10.4.0.99',
};
const networkBad: Row['bad'] = [
  [{ description: [] }, 'description'],
  [{ description: 'my net' }, 'description'],
  [{ nettype: [] }, 'nettype'],
  [{ nettype: 'magic' }, 'nettype'],
  [{ mtu: 'x' }, 'mtu'],
  [{ mtu: '67' }, 'from 576 to 65535'],
  [{ mtu: '575' }, 'from 576 to 65535'],
  [{ ip4_gateway: [] }, 'ip4_gateway'],
  [{ ip4_network: '' }, 'ip4_network'],
  [{ dhcp4_start: [] }, 'dhcp4_start'],
  [{ dhcp4_end: '' }, 'dhcp4_end'],
  [{ dhcp4: 'perhaps' }, 'dhcp4'],
  [{ ip6_network: 'fd00::/64' }, 'ip6_network'],
];

/** Networks. */
export const NETWORK_ROWS: readonly Row[] = [
  { route: 'GET /network', body: expect.arrayContaining([has({ vni: 100, mtu: 'None', domain: 'None', nat: true })]) },
  {
    route: 'POST /network',
    values: network,
    body: message('400'),
    bad: [[{ vni: [] }, 'vni'], [{ vni: '0' }, 'vni'], [{ vni: '100' }, '100'], ...(networkBad ?? [])],
  },
  {
    route: 'POST /network/:vni',
    path: '/network/400',
    values: network,
    body: message('VNI 400'),
    bad: [[{ vni: '500' }, "vni: is '400' in the path"], ...(networkBad ?? [])],
  },
  {
    route: 'GET /network/:vni',
    path: '/network/100',
    body: [
      has({
        vni: 100,
        ip4: has({ dhcp_flag: 'True', dhcp_start: '10.0.0.10' }),
        ip6: { network: 'None', gateway: 'None', dhcp_flag: 'False' },
      }),
    ],
    missing: '/network/999',
  },
  {
    route: 'DELETE /network/:vni',
    path: '/network/n300',
    body: { message: "Network 'n300' is being removed.", task_id: expect.any(String) },
    missing: '/network/999',
  },
];
