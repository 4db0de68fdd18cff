import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NetworkDriver } from '../../activities/drivers/network/driver.ts';
import type { Mac, VmId, Vni } from '../../domain/ids.ts';
import type { Network, Nic } from '../../domain/network.ts';

/** A backend under test: a driver, how to make another on the same world, as a restarted process does, and witnesses. */
export interface NetworkWorld {
  readonly driver: NetworkDriver;
  readonly again: () => NetworkDriver;
  /** Names of whatever there is of a network: devices, processes, tables, files. The same while nothing changes. */
  readonly traces: (vni: Vni) => Promise<readonly string[]>;
  /** `mac ip hostname` of each guest that DHCP and DNS know, sorted. */
  readonly leases: (vni: Vni) => Promise<readonly string[]>;
  /** Nothing of the driver's is left outside what was removed. */
  readonly end: () => Promise<void>;
}

/** A managed network 10.N.0.0/24 with the gateway .1, without address translation. */
export function aNetwork(n: number, change: Partial<Network> = {}): Network {
  return {
    vni: n as Vni,
    description: `network ${n}`,
    type: 'managed',
    mtu: null,
    domain: `n${n}.test`,
    nameServers: [],
    ip4: { network: `10.${n}.0.0/24`, gateway: `10.${n}.0.1`, dhcp: { start: `10.${n}.0.10`, end: `10.${n}.0.99` } },
    nat: false,
    ...change,
  };
}

/** The guest `host` of network n, at 10.N.0.HOST. */
export function aNic(n: number, host: number, change: Partial<Nic> = {}): Nic {
  const hex = (octet: number): string => octet.toString(16).padStart(2, '0');
  return {
    vm: randomUUID() as VmId,
    index: 0,
    vni: n as Vni,
    mac: `52:54:00:00:${hex(n)}:${hex(host)}` as Mac,
    ip: `10.${n}.0.${host}`,
    hostname: `web${host}`,
    ...change,
  };
}

const lease = ({ mac, ip, hostname }: Nic): string => `${mac} ${ip} ${hostname}`;

/** What every network backend promises. */
export function networkContract(name: string, make: () => Promise<NetworkWorld>, skip?: string): void {
  describe.skipIf(skip)(`network contract: ${name}${skip ? ` (skipped: ${skip})` : ''}`, { timeout: 60_000 }, () => {
    let world: NetworkWorld;
    let driver: NetworkDriver;
    const [a, b] = [aNetwork(11), aNetwork(12)];
    const [web5, web6] = [aNic(11, 5), aNic(11, 6)];

    beforeAll(async () => {
      world = await make();
      driver = world.driver;
    }, 60_000);
    afterEach(async () => {
      for (const vni of await driver.list()) await driver.remove(vni);
    });
    afterAll(() => world?.end());

    it('makes a network once, however often and by whatever process it is asked', async () => {
      expect(await world.traces(a.vni)).toEqual([]);
      await driver.ensure(a);
      const traces = await world.traces(a.vni);
      expect(traces).not.toEqual([]);
      await Promise.all([driver.ensure(a), driver.ensure(a)]);
      await world.again().ensure(a);
      expect(await world.traces(a.vni)).toEqual(traces);
      expect(await driver.list()).toEqual([a.vni]);
      expect(await world.again().list()).toEqual([a.vni]);
    });

    it('has nothing to bring back where all is there, and nothing where all was removed', async () => {
      await driver.ensure(a);
      const traces = await world.traces(a.vni);
      expect(await driver.keep()).toEqual([]);
      expect(await world.traces(a.vni)).toEqual(traces);
      await driver.remove(a.vni);
      expect(await driver.keep()).toEqual([]);
      expect(await world.traces(a.vni)).toEqual([]);
    });

    it('takes a changed description', async () => {
      await driver.ensure(a);
      await driver.ensure({ ...a, domain: 'other.test', nat: true, mtu: 1400 });
      await driver.ensure({ ...a, ip4: null });
      await driver.ensure(a);
      expect(await driver.list()).toEqual([a.vni]);
    });

    it('removes twice, with guests, and what was never there', async () => {
      await driver.ensure(a);
      await driver.ensureLease(web5);
      await driver.remove(a.vni);
      expect(await world.traces(a.vni)).toEqual([]);
      await driver.remove(a.vni);
      await driver.remove(99 as Vni);
      expect(await driver.list()).toEqual([]);
      await driver.ensure(a);
      expect(await world.leases(a.vni)).toEqual([]);
    });

    it('leaves the other networks alone', async () => {
      await Promise.all([driver.ensure(a), driver.ensure(b)]);
      await driver.ensureLease(aNic(12, 5));
      const [traces, leases] = [await world.traces(b.vni), await world.leases(b.vni)];
      expect(await driver.list()).toEqual([a.vni, b.vni]);
      await driver.ensureLease(web5);
      await driver.removeLease(a.vni, web5.mac);
      await driver.remove(a.vni);
      expect(await world.traces(b.vni)).toEqual(traces);
      expect(await world.leases(b.vni)).toEqual(leases);
      expect(await driver.list()).toEqual([b.vni]);
    });

    it('knows each guest once, keeps them over another ensure and another process, and forgets them', async () => {
      await driver.ensure(a);
      await driver.ensureLease(web5);
      await Promise.all([driver.ensureLease(web6), driver.ensureLease(web5)]);
      await world.again().ensureLease(web5);
      await world.again().ensure(a);
      expect(await world.leases(a.vni)).toEqual([lease(web5), lease(web6)]);
      await driver.removeLease(a.vni, web5.mac);
      await driver.removeLease(a.vni, web5.mac);
      expect(await world.leases(a.vni)).toEqual([lease(web6)]);
    });

    it('makes a network with its guests in one go', async () => {
      await driver.ensure(a, [web5, web6]);
      expect(await world.leases(a.vni)).toEqual([lease(web5), lease(web6)]);
      await driver.ensure(a, [web5]);
      expect(await world.leases(a.vni)).toEqual([lease(web5), lease(web6)]);
    });

    it('gives a guest another address and another name', async () => {
      await driver.ensure(a);
      await driver.ensureLease(web5);
      const moved = { ...web5, ip: '10.11.0.50', hostname: 'moved' };
      await driver.ensureLease(moved);
      expect(await world.leases(a.vni)).toEqual([lease(moved)]);
    });

    it('does not know a guest of a network that is not there, and forgets one of it', async () => {
      await expect(driver.ensureLease(web5)).rejects.toMatchObject({ fault: { kind: 'not-found' } });
      await driver.removeLease(a.vni, web5.mac);
      expect(await world.traces(a.vni)).toEqual([]);
    });

    it('takes guests of a network without addresses', async () => {
      await driver.ensure({ ...a, ip4: null });
      await driver.ensureLease({ ...web5, ip: null });
      await driver.removeLease(a.vni, web5.mac);
      await driver.remove(a.vni);
      expect(await world.traces(a.vni)).toEqual([]);
    });
  });
}
