import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HypervisorDriver } from '../../activities/drivers/hypervisor/driver.ts';
import { libvirt } from '../../activities/drivers/hypervisor/libvirt.ts';
import { run } from '../../activities/drivers/run.ts';
import type { VmId } from '../../domain/ids.ts';
import { portOf } from '../../domain/network.ts';
import { mib } from '../../domain/units.ts';
import { serialGuest } from '../activities/drivers/hypervisor/serial-guest.ts';
import { missing, missingLibvirt } from './missing.ts';

const script = new URL('../../scripts/host/libvirtd.sh', import.meta.url).pathname;
const skip = missingLibvirt() ?? missing(['ip']);

describe.skipIf(skip)(`a libvirt guest's devices${skip ? ` (skipped: ${skip})` : ''}`, { timeout: 120_000 }, () => {
  const vm = randomUUID() as VmId;
  const bridge = `slwbr${process.pid % 100_000}`;
  const mac = `02:${vm.slice(0, 8).replace(/(..)(?=.)/g, '$1:')}:01`;
  let state: string;
  let uri: string;
  let driver: HypervisorDriver;

  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), 'slipway-lv-'));
    uri = (await run([script, 'start', state])).stdout.trim();
    driver = libvirt({ uri, dir: join(state, 'node'), run, forceAccel: 'tcg' });
    await run(['ip', 'link', 'add', 'name', bridge, 'type', 'bridge']);
    const path = join(state, 'guest.img');
    await writeFile(path, serialGuest('devices runs'));
    const seed = join(state, 'seed.iso');
    await writeFile(seed, Buffer.alloc(64 * 1024));
    await driver.define({
      vm,
      name: 'devices',
      memory: mib(64),
      vcpus: 2,
      disks: [{ diskId: 'sda', source: { type: 'file', path, format: 'raw' } }],
      nics: [{ mac, bridge }],
      serial: true,
      vnc: '127.0.0.1',
      seed,
      boot: null,
    });
    await driver.start(vm);
    await driver.awaitConsole(vm, /devices runs/, AbortSignal.timeout(60_000));
  }, 120_000);
  afterAll(async () => {
    await run([script, 'end', state]);
    await run(['ip', 'link', 'delete', 'dev', bridge], { okCodes: [0, 1] });
    await rm(state, { recursive: true });
  }, 60_000);

  it('are a port of the bridge that is named after its MAC', async () => {
    const { stdout } = await run(['ip', '-json', 'link', 'show', 'master', bridge]);
    expect((JSON.parse(stdout) as { ifname: string }[]).map(({ ifname }) => ifname)).toEqual([portOf(mac)]);
  });

  it('are a screen that speaks VNC on the address asked for', async () => {
    const { stdout } = await run(['virsh', '-q', '-c', uri, 'domdisplay', vm]);
    const [, host, display] = /^vnc:\/\/([\d.]+):(\d+)$/.exec(stdout.trim()) ?? [];
    expect(host).toBe('127.0.0.1');
    const socket = connect(5900 + Number(display), host);
    const [hello] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(hello.toString()).toMatch(/^RFB 003\.\d{3}\n$/);
  });

  it('are a serial line for virsh console, besides the log', async () => {
    const { stdout } = await run(['virsh', '-q', '-c', uri, 'ttyconsole', vm]);
    expect(stdout.trim()).toMatch(/^\/dev\/pts\/\d+$/);
  });

  it('are looked for when it cannot start: one whose file is gone is named', async () => {
    const other = randomUUID() as VmId;
    const path = join(state, "gone's.img");
    await writeFile(path, Buffer.alloc(1024 * 1024));
    await driver.define({
      ...{ vm: other, name: 'other', memory: mib(64), vcpus: 1, nics: [], serial: true, vnc: null },
      ...{ disks: [{ diskId: 'vda', source: { type: 'file', path, format: 'raw' } }], seed: null, boot: null },
    });
    await rm(path);
    await expect(driver.start(other)).rejects.toMatchObject({
      fault: { kind: 'conflict', why: `The disk vda of the domain ${other} is gone: there is no ${path}.` },
    });
    await driver.undefine(other);
    await expect(driver.start(other)).rejects.toMatchObject({ fault: { kind: 'not-found' } });
  });

  it('are gone with the guest, and what was moved aside of its log, too', async () => {
    const log = driver.consolePath(vm);
    await writeFile(`${log}.0`, 'older');
    await driver.undefine(vm);
    expect([log, `${log}.0`].filter(existsSync)).toEqual([]);
    expect(existsSync(`/sys/class/net/${portOf(mac)}`)).toBe(false);
  });
});
