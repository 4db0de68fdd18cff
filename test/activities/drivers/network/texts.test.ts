import { describe, expect, it } from 'vitest';
import { dnsmasqConf } from '../../../../activities/drivers/network/dnsmasq-conf.ts';
import { type RuleGuest, rulesText } from '../../../../activities/drivers/network/rules.ts';
import { DomainError } from '../../../../domain/fault.ts';
import type { Mac, Vni } from '../../../../domain/ids.ts';
import type { Ip4Config, Network } from '../../../../domain/network.ts';
import { portOf } from '../../../../domain/network.ts';

type Managed = Network & { readonly ip4: Ip4Config };
const DIR = '/var/lib/slipway/nodes/hv1/networks/100';
const NETWORK: Managed = {
  vni: 100 as Vni,
  description: 'default',
  type: 'managed',
  mtu: null,
  domain: 'slipway.internal',
  nameServers: [],
  ip4: { network: '10.100.0.0/16', gateway: '10.100.0.1', dhcp: { start: '10.100.0.16', end: '10.100.255.254' } },
  nat: true,
};
const BARE: Managed = { ...NETWORK, nat: false, domain: null, ip4: { ...NETWORK.ip4, dhcp: null } };
const GUESTS: readonly RuleGuest[] = [
  { mac: '52:54:00:12:34:57' as Mac, ip: null },
  { mac: '52:54:00:12:34:56' as Mac, ip: '10.100.0.16' },
];

const refused = (make: () => string): string | undefined => {
  try {
    make();
  } catch (error) {
    if (error instanceof DomainError) return error.fault.kind;
    throw error;
  }
  return undefined;
};

describe('dnsmasq configuration', () => {
  it.each<[string, Network]>([
    ['default', NETWORK],
    ['no-dhcp-no-domain', BARE],
    ['upstreams-and-mtu', { ...NETWORK, mtu: 1400, nameServers: ['192.0.2.53', '2001:db8::53'] }],
  ])('%s', async (name, network) => {
    const text = dnsmasqConf(network, DIR, 7);
    expect(dnsmasqConf(network, DIR, 7)).toBe(text);
    await expect(text).toMatchFileSnapshot(`../../../golden/network/dnsmasq.${name}.conf`);
  });

  it('is another text for another device and another gateway, so that the daemon is started again', () => {
    const text = dnsmasqConf(BARE, DIR, 7);
    expect(dnsmasqConf(BARE, DIR, 8)).not.toBe(text);
    expect(dnsmasqConf({ ...BARE, ip4: { ...BARE.ip4, gateway: '10.100.0.2' } }, DIR, 7)).not.toBe(text);
  });

  it.each<[string, Partial<Network>]>([
    ['a line in the domain', { domain: 'a.test\nconf-script=/bin/sh' }],
    ['an option in the domain', { domain: 'a.test,10.0.0.0/8' }],
    ['a path in the domain', { domain: '../x' }],
    ['a line in a name server', { nameServers: ['1.1.1.1\nserver=2.2.2.2'] }],
    ['a domain for a name server', { nameServers: ['/example.com/1.1.1.1'] }],
    ['no network', { ip4: { ...NETWORK.ip4, network: '10.0.0.0/33' } }],
    ['no gateway', { ip4: { ...NETWORK.ip4, gateway: '10.0.0.1,tag:x' } }],
  ])('refuses %s', (_, change) => {
    expect(refused(() => dnsmasqConf({ ...NETWORK, ...change }, DIR, 7))).toBe('invalid');
  });
});

describe('nftables rules', () => {
  it.each<[string, Managed, readonly RuleGuest[], number | null]>([
    ['nat-metadata-guests', NETWORK, GUESTS, 7371],
    ['isolated-without-metadata', BARE, GUESTS, null],
    ['without-guests', NETWORK, [], 7371],
  ])('%s', async (name, network, guests, port) => {
    const text = rulesText(network, guests, port);
    expect(rulesText(network, [...guests].reverse(), port)).toBe(text);
    await expect(text).toMatchFileSnapshot(`../../../golden/network/rules.${name}.nft`);
  });

  it.each<[string, unknown, unknown]>([
    ['a MAC', '52:54:00:12:34:56 } ; delete table inet filter', '10.100.0.16'],
    ['an upper-case MAC', '52:54:00:AB:34:56', '10.100.0.16'],
    ['an address', '52:54:00:12:34:56', '10.100.0.16 . 10.100.0.17'],
    ['a line', '52:54:00:12:34:56', '10.100.0.16\n'],
  ])('refuses a hostile guest: %s', (_, mac, ip) => {
    expect(refused(() => rulesText(NETWORK, [{ mac: mac as Mac, ip: ip as string }], 7371))).toBe('invalid');
  });

  it('names ports that the kernel takes, and libvirt does not take for its own', () => {
    expect(portOf('52:54:00:12:34:56')).toBe('tap525400123456');
    expect(portOf('52:54:00:12:34:56').length).toBeLessThanOrEqual(15);
  });
});
