import { appendFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NetworkDriver } from '../../activities/drivers/network/driver.ts';
import { linux } from '../../activities/drivers/network/linux.ts';
import type { Nic } from '../../domain/network.ts';
import { aNetwork, aNic } from './network.ts';
import { answering, type Forged, forge, heard, send } from './network-forger.ts';
import { type Client, type Lab, missingNetworkLab, networkLab } from './network-lab.ts';

const skip = missingNetworkLab();
const a = aNetwork(41);
const [victim, thief] = [aNic(41, 5), aNic(41, 6)];
const SERVER = '10.41.0.1';
const MIB = 2 ** 20;
const hex = (ip: string): string => Buffer.from(ip.split('.').map(Number)).toString('hex');
const declining = (nic: Nic): Forged => ({ chaddr: nic.mac, kind: 'decline', ip: `${nic.ip}`, server: SERVER });

describe.skipIf(skip)(`forging on linux networks${skip ? ` (skipped: ${skip})` : ''}`, { timeout: 60_000 }, () => {
  let lab: Lab;
  let driver: NetworkDriver;
  beforeEach(async () => {
    lab = await networkLab();
    driver = linux({ dir: lab.dir, run: lab.host });
    await driver.ensure(a, [victim, thief]);
  });
  afterEach(async () => {
    for (const vni of await driver.list()) await driver.remove(vni);
    await lab.end();
  });

  const file = (name: string): string => join(lab.dir, 'networks', '41', name);
  const machine = ({ vni, mac }: Nic): Promise<Client> => lab.client(vni, mac);
  /** What dnsmasq says that guests have declined, once it has answered all that came before. */
  const declined = async (witness: Client): Promise<readonly string[]> => {
    await witness.dhcp();
    return (await readFile(file('dnsmasq.log'), 'utf8')).split('\n').filter((line) => line.includes('DHCPDECLINE'));
  };

  it("takes what a guest says of its own address, and nothing that it says of another's", async () => {
    const [own, other] = [await machine(victim), await machine(thief)];
    const forms: readonly Partial<Forged>[] = [
      {},
      { tags: [0x8100] },
      { tags: [0x8100, 0x8100] },
      { tags: [0x88a8, 0x8100] },
      { cut: 8 },
      { cut: 40 },
      { cut: 48 },
    ];
    for (const form of forms) {
      await forge(other, { ...declining(victim), ...form });
      expect(await declined(other), JSON.stringify(form)).toEqual([]);
    }
    expect(await own.dhcp()).toMatch(/^10\.41\.0\.5\//);
    await forge(own, declining(victim));
    expect((await declined(other)).join()).toContain(victim.mac);
  });

  it("ends no lease of another guest's by its client identifier", async () => {
    const [own, other] = [await machine(victim), await machine(thief)];
    expect(await own.dhcp()).toMatch(/^10\.41\.0\.5\//);
    const release = { ...declining(victim), kind: 'release', client: victim.mac } as const;
    await forge(other, { ...release, chaddr: thief.mac });
    await other.dhcp();
    expect(await readFile(file('leases'), 'utf8')).toContain(victim.mac);
    await forge(own, release);
    await other.dhcp();
    expect(await readFile(file('leases'), 'utf8')).not.toContain(victim.mac);
  });

  it('is the only one who answers, whichever port others answer from', async () => {
    const [own, other] = [await machine(victim), await machine(thief)];
    await answering(other, '10.41.0.77', async () => {
      for (let round = 0; round < 3; round += 1) {
        expect(await own.dhcp()).toMatch(/^10\.41\.0\.5\//);
        await own.run(['ip', 'address', 'flush', 'dev', 'eth0']);
      }
    });
  });

  it('lets nothing through that hides what it is', async () => {
    const [own, other] = [await machine(victim), await machine(thief)];
    const asking = (ip: string) =>
      `0001080006040001${thief.mac.replaceAll(':', '')}${hex(ip)}000000000000${hex(SERVER)}`;
    const [lie, truth] = [asking(SERVER), asking(`${thief.ip}`)];
    const snap = (data: string) => `${(8 + data.length / 2).toString(16).padStart(4, '0')}aaaa03000000${data}`;
    const advert = `6000000000103aff${'fe80'.padEnd(32, '0')}${'ff02'.padEnd(31, '0')}1${'8600'.padEnd(32, '0')}`;
    const hidden = [snap(`0806${lie}`), snap(`86dd${advert}`), `91000000${`0806${lie}`}`, `81000000${`0806${lie}`}`];
    const last = `0806${truth}`;
    const frames = [...hidden, `0806${lie}`, `86dd${advert}`, last];
    // Its own kernel says nothing then.
    await other.run(['sysctl', '-q', '-w', 'net.ipv6.conf.eth0.disable_ipv6=1']);
    const came = await heard(own, { mac: thief.mac, last }, () => send(other, frames));
    expect(came.map((frame) => frame.slice(0, last.length))).toEqual([last]);
  });

  it('has its tables again after a firewall has flushed all of them', async () => {
    const [own, other] = [await machine(victim), await machine(thief)];
    await lab.host(['nft', 'flush', 'ruleset']);
    expect(await driver.keep()).toEqual([a.vni]);
    expect(await driver.keep()).toEqual([]);
    await forge(other, declining(victim));
    expect(await declined(other)).toEqual([]);
    expect(await own.dhcp()).toMatch(/^10\.41\.0\.5\//);
  });

  it('lets a guest that floods it wait, and no other', async () => {
    const [own, other] = [await machine(victim), await machine(thief)];
    await forge(other, { ...declining(thief), times: 2_000 });
    expect(await own.dhcp()).toMatch(/^10\.41\.0\.5\//);
    const lines = (await declined(own)).length;
    expect(lines).toBeGreaterThan(0);
    expect(lines).toBeLessThan(200);
  });

  it('keeps the log of dnsmasq short, which goes on in it', async () => {
    const [own, other] = [await machine(victim), await machine(thief)];
    await appendFile(file('dnsmasq.log'), 'x'.repeat(MIB));
    await forge(own, declining(victim));
    await other.dhcp();
    expect((await stat(file('dnsmasq.log'))).size).toBeGreaterThan(MIB);
    expect(await driver.keep()).toEqual([]);
    await forge(own, declining(victim));
    await other.dhcp();
    const text = await readFile(file('dnsmasq.log'), 'utf8');
    expect(text.length).toBeLessThan(10_000);
    expect(text).toContain('DHCPDECLINE');
    expect(text).not.toContain('\0');
  });
});
