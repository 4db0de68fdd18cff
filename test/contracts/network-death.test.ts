import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDaemons } from '../../activities/drivers/network/daemons.ts';
import { linux } from '../../activities/drivers/network/linux.ts';
import { portOf } from '../../domain/network.ts';
import { aNetwork, aNic } from './network.ts';
import { type Lab, missingNetworkLab, networkLab, tracesOf } from './network-lab.ts';

const skip = missingNetworkLab();
const script = new URL('./killed-ensure.ts', import.meta.url).pathname;
const [network, nic] = [aNetwork(31, { nat: true }), aNic(31, 5)];
const { vni } = network;
/** Commands that making a network and a guest takes at least. */
const COMMANDS = 10;

describe.skipIf(skip)(`death on linux networks${skip ? ` (skipped: ${skip})` : ''}`, { timeout: 120_000 }, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await networkLab();
  });
  afterAll(() => lab?.end());

  const driver = () => linux({ dir: lab.dir, run: lab.host, metadataPort: 7371 });
  /** Without process ids, and the hash that a configuration has of its device. */
  const withoutPids = async () =>
    (await tracesOf(lab, vni)).map((name) => name.replace(/^(dnsmasq)[ -][0-9a-f]+/, '$1'));

  /** Whether a process was killed after its nth command; false if it had done everything before. */
  async function killedAfter(n: number): Promise<boolean> {
    const child = spawn(process.execPath, [script, lab.dir, lab.namespace, `${n}`], { stdio: 'inherit' });
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    if (code !== null && code !== 0) throw new Error(`it failed with ${code}`);
    return signal === 'SIGKILL';
  }

  it('finishes and removes what a process that was killed after any command left', async () => {
    await driver().ensure(network);
    await driver().ensureLease(nic);
    const whole = await withoutPids();
    await driver().remove(vni);
    let n = 1;
    for (; await killedAfter(n); n += 1) {
      expect(await driver().list(), `after ${n} commands`).toEqual([vni]);
      if (n % 2 === 0) {
        await driver().ensure(network);
        await driver().ensureLease(nic);
        expect(await withoutPids(), `after ${n} commands`).toEqual(whole);
      }
      await driver().remove(vni);
      expect(await tracesOf(lab, vni), `after ${n} commands`).toEqual([]);
    }
    await driver().remove(vni);
    expect(n).toBeGreaterThan(COMMANDS);
  });

  it('finds daemon, devices and guests again after a restart, and starts nothing twice', async () => {
    await driver().ensure(network);
    await driver().ensureLease(nic);
    const before = await tracesOf(lab, vni);
    await driver().ensure(network);
    await driver().ensureLease(nic);
    expect(await tracesOf(lab, vni)).toEqual(before);
    expect(before.filter((name) => name.startsWith('dnsmasq ')).length).toBe(1);
    await driver().remove(vni);
    expect(await tracesOf(lab, vni)).toEqual([]);
  });

  it("leaves another installation's network alone", async () => {
    const other = linux({ dir: join(lab.dir, 'other'), run: lab.host, metadataPort: 7371 });
    await driver().ensure(network);
    const before = await tracesOf(lab, vni);
    await expect(other.ensure(network)).rejects.toMatchObject({ fault: { kind: 'conflict' } });
    await other.remove(vni);
    expect(await other.list()).toEqual([]);
    expect(await tracesOf(lab, vni)).toEqual(before);
    await driver().remove(vni);
    await lab.host(['ip', 'link', 'add', 'name', 'vmbr31', 'type', 'bridge']);
    await lab.host(['ip', 'link', 'set', 'dev', 'vmbr31', 'alias', `slipway ${lab.dir}/removed-long-ago`]);
    await driver().ensure(network);
    await driver().remove(vni);
    expect(await tracesOf(lab, vni)).toEqual([]);
  });

  it("refuses a network that has another device's address in it, until it has not", async () => {
    await lab.outside();
    const around = { network: '192.0.2.0/24', gateway: '192.0.2.254', dhcp: null };
    await expect(driver().ensure({ ...network, ip4: around })).rejects.toMatchObject({
      fault: { kind: 'conflict', why: expect.stringMatching(/192\.0\.2\.1 .*up0/) },
    });
    await lab.host(['ip', 'link', 'delete', 'dev', 'up0']);
    await driver().ensure({ ...network, ip4: around });
    await driver().remove(vni);
    expect(await tracesOf(lab, vni)).toEqual([]);
  });

  it('brings back a dnsmasq that was killed, and the guests that it knew', async () => {
    const web6 = aNic(31, 6);
    await driver().ensure(network, [web6]);
    // Nobody serves it: there is nothing to be brought back.
    await driver().ensure(aNetwork(32, { ip4: null }));
    const before = await withoutPids();
    const client = await lab.client(vni, web6.mac);
    for (const { pid } of await findDaemons('dnsmasq', `--conf-file=${lab.dir}/`)) process.kill(pid, 'SIGKILL');
    await expect.poll(() => driver().keep(), { timeout: 5_000 }).toEqual([vni]);
    expect(await withoutPids()).toEqual(before);
    expect(await client.dhcp()).toMatch(/^10\.31\.0\.6\//);
    expect(await client.resolve('web6.n31.test', '10.31.0.1')).toBe('10.31.0.6');
    expect(await driver().keep()).toEqual([]);
    await driver().remove(vni);
    await driver().remove(aNetwork(32).vni);
    expect(await tracesOf(lab, vni)).toEqual([]);
  });

  it('does not bring back a network whose removal was begun', async () => {
    await driver().ensure(network, [nic]);
    const stuck = linux({
      dir: lab.dir,
      run: (argv, options) => (argv.includes('delete') ? Promise.reject(new Error('killed')) : lab.host(argv, options)),
    });
    await expect(stuck.remove(vni)).rejects.toThrow('killed');
    expect(await driver().keep()).toEqual([]);
    expect((await withoutPids()).filter((name) => name.startsWith('dnsmasq '))).toEqual([]);
    await driver().remove(vni);
    expect(await tracesOf(lab, vni)).toEqual([]);
  });

  it('makes everything again after the host was started again', async () => {
    await driver().ensure(network);
    await driver().ensureLease(nic);
    const client = await lab.client(vni, nic.mac);
    // All that a restart of the host takes away: processes, devices, rules, and what programs keep in /run.
    for (const { pid } of await findDaemons('dnsmasq', `--conf-file=${lab.dir}/`)) process.kill(pid, 'SIGKILL');
    await lab.host(['nft', 'flush', 'ruleset']);
    await lab.host(['ip', 'link', 'delete', 'dev', 'vmbr31']);
    await rm(join(lab.dir, 'networks', '31', 'dnsmasq.pid'));
    await driver().ensure(network);
    await lab.host(['ip', 'link', 'set', portOf(nic.mac), 'master', 'vmbr31']);
    expect(await client.dhcp()).toMatch(/^10\.31\.0\.5\//);
    await driver().remove(vni);
  });
});
