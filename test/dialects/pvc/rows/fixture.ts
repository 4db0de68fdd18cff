import type { Values } from '../../served.ts';
import { POOL_FIXTURE } from './pool.ts';
import { P, T } from './row.ts';
import { disk } from './storage-template.ts';

const GONE: Values = {};

/** What the rows expect to be there. */
export const FIXTURE: readonly (readonly [string, Values])[] = [
  ['/user', { name: 'jdoe', password: 'jdoe-secret' }],
  ...[
    ['100', 'default'],
    ['200', 'n200'],
    ['300', 'n300'],
  ].map(
    ([vni = '', description = '']) =>
      [
        '/network',
        {
          vni,
          description,
          nettype: 'managed',
          ...(vni === '100' && {
            nat: '',
            ip4_network: '10.0.0.0/24',
            ip4_gateway: '10.0.0.1',
            dhcp4: '',
            dhcp4_start: '10.0.0.10',
            dhcp4_end: '10.0.0.99',
          }),
        },
      ] as const,
  ),
  [`${T}/system/small`, { vcpus: '1', vram: '512', serial: '' }],
  [`${T}/network/net200+net300`, GONE],
  [`${T}/network/net200+net300/net/200`, GONE],
  [`${T}/storage/root`, GONE],
  [`${T}/storage/root/disk/sda`, disk],
  ['/provisioner/userdata/ud', { data: '#cloud-config\n# a={{args.a}} b={{args.b}}\n' }],
  ['/provisioner/userdata/spare-userdata', { data: '' }],
  ['/provisioner/script/sc', { data: 'def install(**kwargs): pass\n' }],
  ['/provisioner/script/spare-script', { data: '' }],
  [
    `${P}/web`,
    {
      system_template: 'small',
      network_template: 'net200+net300',
      storage_template: 'root',
      userdata: 'ud',
      script: 'sc',
      arg: ['a=1', 'b=1'],
    },
  ],
  [
    `${P}/spare-profile`,
    { system_template: 'small', network_template: 'net200+net300', storage_template: 'root', script: 'sc' },
  ],
  ...POOL_FIXTURE,
];
