import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NetworkDriver } from '../../activities/drivers/network/driver.ts';
import { linux } from '../../activities/drivers/network/linux.ts';
import type { Nic } from '../../domain/network.ts';
import { bridgeOf, portOf } from '../../domain/network.ts';
import { aNetwork, aNic } from './network.ts';
import { type Client, type Lab, missingNetworkLab, networkLab } from './network-lab.ts';

/** On a machine that does other things, too. */
const PATIENT = { timeout: 10_000 };

const skip = missingNetworkLab();
const METADATA = 'http://169.254.169.254/latest/user-data';
const [a, b] = [aNetwork(21), aNetwork(22)];
const [web5, web6] = [aNic(21, 5), aNic(21, 6)];

describe.skipIf(skip)(`traffic on linux networks${skip ? ` (skipped: ${skip})` : ''}`, { timeout: 60_000 }, () => {
  let lab: Lab;
  let driver: NetworkDriver;
  beforeEach(async () => {
    lab = await networkLab();
    // Answers with the address that the request came from: what the metadata service knows a guest by.
    const metadataPort = await lab.serve({ run: lab.host }, '127.0.0.1');
    driver = linux({ dir: lab.dir, run: lab.host, metadataPort });
    await driver.ensure(a);
  });
  afterEach(async () => {
    for (const vni of await driver.list()) await driver.remove(vni);
    await lab.end();
  });

  /** A guest with its lease and the machine that has it. */
  const guest = async (nic: Nic): Promise<Client> => {
    await driver.ensureLease(nic);
    return lab.client(nic.vni, nic.mac);
  };
  const booted = async (nic: Nic): Promise<Client> => {
    const client = await guest(nic);
    expect(await client.dhcp()).toMatch(new RegExp(`^${nic.ip}/`));
    return client;
  };
  const rename = async (client: Client, { mac, ip }: { mac?: string; ip?: string | null }): Promise<void> => {
    if (mac) await client.run(['ip', 'link', 'set', 'eth0', 'address', mac]);
    await client.run(['ip', 'address', 'flush', 'dev', 'eth0', 'scope', 'global']);
    await client.run(['ip', 'address', 'add', `${ip}/24`, 'dev', 'eth0']);
    await client.run(['ip', 'route', 'replace', 'default', 'via', '10.21.0.1']);
  };

  it('gives a guest exactly what was reserved for it', async () => {
    const client = await guest(web5);
    expect(await client.dhcp()).toBe('10.21.0.5/24 10.21.0.1 10.21.0.1 n21.test');
    await driver.ensure({ ...a, mtu: 1400, domain: null });
    const other = await guest(web6);
    expect(await other.dhcp()).toBe('10.21.0.6/24 10.21.0.1 10.21.0.1  1400');
  });

  it('gives an unknown guest nothing, and one that was forgotten', async () => {
    const stranger = await lab.client(a.vni, aNic(21, 77).mac);
    expect(await stranger.dhcp()).toBeNull();
    const client = await booted(web5);
    await driver.removeLease(a.vni, web5.mac);
    expect(await client.dhcp()).toBeNull();
  });

  it('gives an address to the next guest when the one that had it is forgotten', async () => {
    await booted(web5);
    await driver.removeLease(a.vni, web5.mac);
    const next = { ...web6, ip: web5.ip, hostname: 'next' };
    const client = await booted(next);
    expect(await client.resolve('next.n21.test', '10.21.0.1')).toBe('10.21.0.5');
    expect(await client.resolve('web5.n21.test', '10.21.0.1')).toBeNull();
  });

  it('knows the names of the other guests, until they are removed, and no others', async () => {
    const client = await booted(web5);
    expect(await client.resolve('web6.n21.test', '10.21.0.1')).toBeNull();
    await driver.ensureLease(web6);
    await expect.poll(() => client.resolve('web6.n21.test', '10.21.0.1'), PATIENT).toBe('10.21.0.6');
    expect(await client.resolve('web5.n21.test', '10.21.0.1')).toBe('10.21.0.5');
    await driver.removeLease(a.vni, web6.mac);
    await expect.poll(() => client.resolve('web6.n21.test', '10.21.0.1'), PATIENT).toBeNull();
    // cloud-init asks for names that do not exist and waits for an answer.
    const began = Date.now();
    expect(await client.resolve('does-not-exist.example.com', '10.21.0.1')).toBeNull();
    expect(Date.now() - began).toBeLessThan(2_500);
  });

  it('shows the metadata service each guest by its own address', async () => {
    const [five, six] = [await booted(web5), await booted(web6)];
    expect(await five.get(METADATA)).toBe('10.21.0.5');
    expect(await six.get(METADATA)).toBe('10.21.0.6');
    await driver.removeLease(a.vni, web6.mac);
    expect(await six.get(METADATA)).toBeNull();
    expect(await five.get(METADATA)).toBe('10.21.0.5');
  });

  it('lets no guest at the metadata service under an address that is not its own', async () => {
    const thief = await booted(web6);
    // The neighbour is off, so that nobody else answers for its address.
    await driver.ensureLease(web5);
    await rename(thief, { ip: web5.ip });
    expect(await thief.get(METADATA), "a neighbour's address").toBeNull();
    await rename(thief, { ip: '10.21.0.200' });
    expect(await thief.get(METADATA), 'an address of nobody').toBeNull();
    await rename(thief, { ip: web5.ip, mac: web5.mac });
    expect(await thief.get(METADATA), "a neighbour's address and MAC").toBeNull();
    await rename(thief, { ip: web6.ip, mac: web6.mac });
    expect(await thief.get(METADATA)).toBe('10.21.0.6');
  });

  it('lets no guest take the address of a neighbour, or of the gateway', async () => {
    const [thief, neighbour] = [await booted(web6), await booted(web5)];
    const reached = (ip: string | null) => neighbour.run(['busybox', 'ping', '-c', '1', '-W', '1', `${ip}`]);
    await reached(web6.ip);
    await rename(thief, { ip: '10.21.0.200' });
    await reached('10.21.0.200');
    await rename(thief, { ip: '10.21.0.201', mac: web5.mac });
    await expect(
      thief.run(['busybox', 'ping', '-c', '1', '-W', '1', '10.21.0.1']),
      "a neighbour's MAC",
    ).rejects.toThrow();
    await rename(thief, { ip: '10.21.0.200', mac: web6.mac });
    await neighbour.run(['ip', 'address', 'flush', 'dev', 'eth0', 'scope', 'global']);
    await neighbour.run(['ip', 'address', 'add', '10.21.0.5/24', 'dev', 'eth0']);
    await rename(thief, { ip: '10.21.0.1' }).catch(() => undefined);
    const asked = await neighbour.run(['busybox', 'arping', '-c', '2', '-w', '2', '-I', 'eth0', '10.21.0.1'], {
      okCodes: [0, 1],
    });
    expect(asked.stdout.toLowerCase()).not.toContain(web6.mac);
    expect(asked.stdout).toContain('reply');
  });

  it('keeps networks apart', async () => {
    await driver.ensure(b);
    const [here, there] = [await booted(web5), await booted(aNic(22, 5))];
    await lab.serve(there as Client & { namespace: string }, '10.22.0.5', 8080);
    const neighbour = await booted(aNic(22, 6));
    expect(await neighbour.get('http://10.22.0.5:8080/')).toBe('10.22.0.6');
    expect(await here.get('http://10.22.0.5:8080/')).toBeNull();
    expect(await here.resolve('web5.n22.test', '10.22.0.1')).toBeNull();
    await expect(here.run(['busybox', 'ping', '-c', '1', '-W', '1', '10.22.0.1'])).rejects.toThrow();
    await rename(here, { ip: '10.22.0.6' }).catch(() => undefined);
    expect(await here.get(METADATA), "an address of the other network's").toBeNull();
  });

  it('translates addresses on the way out if asked, and only then', async () => {
    const outside = await lab.outside();
    await lab.serve(outside as Client & { namespace: string }, '192.0.2.2', 8080);
    const client = await booted(web5);
    expect(await client.get('http://192.0.2.2:8080/')).toBeNull();
    await driver.ensure({ ...a, nat: true });
    expect(await client.get('http://192.0.2.2:8080/')).toBe('192.0.2.1');
    expect(await client.get(METADATA)).toBe('10.21.0.5');
    await driver.ensure({ ...a, nat: false });
    expect(await client.get('http://192.0.2.2:8080/')).toBeNull();
  });

  it('does not let a guest at what else listens on 127.0.0.1', async () => {
    const port = await lab.serve({ run: lab.host }, '127.0.0.1');
    const client = await booted(web5);
    expect(await lab.host(['busybox', 'wget', '-q', '-O', '-', `http://127.0.0.1:${port}/`])).toMatchObject({
      code: 0,
    });
    // A guest may send whatever it likes: here, packets to 127.0.0.1 by way of its gateway.
    await client.run(['ip', 'address', 'flush', 'dev', 'lo']);
    await client.run(['sysctl', '-q', '-w', 'net.ipv4.conf.all.route_localnet=1']);
    await client.run(['ip', 'route', 'add', '127.0.0.1/32', 'via', '10.21.0.1', 'src', '10.21.0.5']);
    expect(await client.get(`http://127.0.0.1:${port}/`)).toBeNull();
    expect(await client.get(`http://169.254.169.254:${port}/`)).toBeNull();
    expect(await client.get(`http://10.21.0.1:${port}/`)).toBeNull();
  });

  it('mends what was lost: daemon, rules, bridge', async () => {
    const client = await booted(web5);
    const pid = Number(await readFile(join(lab.dir, 'networks', '21', 'dnsmasq.pid'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    expect(await client.resolve('web5.n21.test', '10.21.0.1')).toBeNull();
    await driver.ensure(a);
    expect(await client.resolve('web5.n21.test', '10.21.0.1')).toBe('10.21.0.5');

    await lab.host(['nft', 'flush', 'ruleset']);
    expect(await client.get(METADATA)).toBeNull();
    await driver.ensure(a);
    expect(await client.get(METADATA)).toBe('10.21.0.5');

    // Its daemon runs on, and listens on a device that is no more.
    await lab.host(['ip', 'link', 'delete', 'dev', bridgeOf(a.vni)]);
    await driver.ensure(a);
    await lab.host(['ip', 'link', 'set', portOf(web5.mac), 'master', bridgeOf(a.vni)]);
    await client.run(['ip', 'address', 'flush', 'dev', 'eth0', 'scope', 'global']);
    expect(await client.dhcp()).toMatch(/^10\.21\.0\.5\//);
    expect(await client.get(METADATA)).toBe('10.21.0.5');
  });

  it('keeps the gateway where it was when ports come and go', async () => {
    const address = async () =>
      JSON.parse((await lab.host(['ip', '-json', 'link', 'show', bridgeOf(a.vni)])).stdout)[0].address;
    const before = await address();
    await guest({ ...web5, mac: '02:00:00:00:00:01' as Nic['mac'] });
    expect(await address()).toBe(before);
  });
});
