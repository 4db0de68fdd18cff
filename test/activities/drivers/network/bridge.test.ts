import { expect, it } from 'vitest';
import { bridges } from '../../../../activities/drivers/network/bridge.ts';
import type { Vni } from '../../../../domain/ids.ts';
import type { Network } from '../../../../domain/network.ts';
import { scriptedRun } from '../../../scripted-run.ts';

const DIR = '/var/lib/slipway/nodes/hv1';
const NETWORK: Network = {
  vni: 200 as Vni,
  description: 'office',
  type: 'bridged',
  mtu: null,
  domain: null,
  nameServers: [],
  ip4: null,
  nat: false,
};
const BRIDGE = JSON.stringify([{ ifname: 'vmbr200', ifindex: 7, ifalias: `slipway ${DIR}` }]);
const show = (device: string): string => `ip -json link show dev ${device}`;
const look = ({
  addr_info = [],
  ...more
}: {
  readonly addr_info?: readonly object[];
  readonly [key: string]: unknown;
} = {}) => [
  { argv: show('vmbr200'), stdout: JSON.stringify([{ ...JSON.parse(BRIDGE)[0], mtu: 1500, flags: ['UP'], ...more }]) },
  { argv: 'ip -json address show dev vmbr200', stdout: JSON.stringify([{ addr_info }]) },
];
const up = { argv: `ip link set dev vmbr200 alias slipway ${DIR} mtu 1500 up` };
const attach = { argv: 'ip link set dev vlan200 master vmbr200 up' };

it("puts a bridged network's VLAN of the uplink into its bridge", async () => {
  const { run, done } = scriptedRun([
    ...look(),
    up,
    { argv: show('vlan200'), code: 1 },
    { argv: 'ip link add link bond0 name vlan200 type vlan id 200' },
    attach,
    ...look(),
  ]);
  expect(await bridges(DIR, run, 'bond0').ensure(NETWORK, false)).toBe(7);
  done();
});

it('leaves a VLAN that is there as it is', async () => {
  const { run, done } = scriptedRun([
    ...look(),
    up,
    { argv: show('vlan200'), stdout: '[{"ifname":"vlan200","ifindex":8}]' },
    attach,
    ...look(),
  ]);
  await bridges(DIR, run, 'bond0').ensure(NETWORK, false);
  done();
});

it('refuses a bridged network on a node without an uplink', async () => {
  const { run, done } = scriptedRun([...look(), up]);
  await expect(bridges(DIR, run, undefined).ensure(NETWORK, false)).rejects.toMatchObject({
    fault: { kind: 'invalid' },
  });
  done();
});

it('removes bridge and VLAN, whichever of them is there', async () => {
  const { run, done } = scriptedRun([
    { argv: show('vmbr200'), code: 1 },
    { argv: show('vmbr200'), code: 1 },
    { argv: show('vlan200'), stdout: '[{"ifname":"vlan200","ifindex":8}]' },
    { argv: 'ip link delete dev vlan200' },
  ]);
  expect(await bridges(DIR, run, 'bond0').remove(NETWORK.vni)).toBe(true);
  done();
});

it('leaves a bridge of other software alone', async () => {
  const stdout = JSON.stringify([{ ifname: 'vmbr200', ifindex: 7, ifalias: 'pvc' }]);
  const { run, done } = scriptedRun([{ argv: show('vmbr200'), stdout }, ...look({ ifalias: 'pvc' })]);
  expect(await bridges(DIR, run, 'bond0').remove(NETWORK.vni)).toBe(false);
  await expect(bridges(DIR, run, 'bond0').ensure(NETWORK, false)).rejects.toMatchObject({
    fault: { kind: 'conflict' },
  });
  done();
});

const MANAGED: Network = {
  ...{ ...NETWORK, type: 'managed' },
  ip4: { network: '10.2.0.0/24', gateway: '10.2.0.1', dhcp: null },
};
const all = (...devices: object[]) => ({ argv: 'ip -json -4 address show', stdout: JSON.stringify(devices) });
const gateway = { family: 'inet', local: '10.2.0.1', prefixlen: 24 };

it('takes one look at a bridge that is as it should be', async () => {
  const { run, done } = scriptedRun([...look({ addr_info: [gateway] })]);
  expect(await bridges(DIR, run, undefined).ensure(MANAGED, false)).toBe(7);
  done();
});

it.each([
  ['down', { flags: [] }],
  ['of another MTU', { mtu: 1400 }],
  ['without its alias', { ifalias: undefined }],
])('sets up a bridge that is %s', async (_what, change) => {
  const { run, done } = scriptedRun([
    ...look({ addr_info: [gateway], ...change }),
    all(
      { ifname: 'vmbr200', addr_info: [gateway] },
      { ifname: 'lo', addr_info: [{ family: 'inet', local: '127.0.0.1' }] },
    ),
    up,
    ...look({ addr_info: [gateway] }),
  ]);
  await bridges(DIR, run, undefined).ensure(MANAGED, false);
  done();
});

it('exchanges addresses', async () => {
  const { run, done } = scriptedRun([
    ...look({ addr_info: [{ family: 'inet', local: '10.9.0.1', prefixlen: 24 }] }),
    all(),
    up,
    ...look({ addr_info: [{ family: 'inet', local: '10.9.0.1', prefixlen: 24 }] }),
    { argv: 'ip address delete 10.9.0.1/24 dev vmbr200' },
    { argv: 'ip address add 10.2.0.1/24 dev vmbr200' },
  ]);
  await bridges(DIR, run, undefined).ensure(MANAGED, false);
  done();
});

it("refuses a network that has an address of the host's in it, naming device and address", async () => {
  const eth0 = { ifname: 'eth0', addr_info: [{ family: 'inet', local: '10.2.0.77', prefixlen: 8 }] };
  const { run, done } = scriptedRun([...look({ flags: [] }), all({ ifname: 'lo' }, eth0)]);
  await expect(bridges(DIR, run, undefined).ensure(MANAGED, false)).rejects.toMatchObject({
    fault: { kind: 'conflict', why: expect.stringMatching(/10\.2\.0\.0\/24.*10\.2\.0\.77.*eth0/) },
  });
  done();
});

it('takes a network inside of the one that a device is in, with another address', async () => {
  const eth0 = { ifname: 'eth0', addr_info: [{ family: 'inet', local: '10.2.1.77', prefixlen: 8 }] };
  const { run, done } = scriptedRun([...look({ flags: [] }), all(eth0), up, ...look({ addr_info: [gateway] })]);
  expect(await bridges(DIR, run, undefined).ensure(MANAGED, false)).toBe(7);
  done();
});
