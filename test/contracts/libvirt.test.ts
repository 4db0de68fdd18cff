import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { libvirt } from '../../activities/drivers/hypervisor/libvirt.ts';
import { run } from '../../activities/drivers/run.ts';
import { serialGuest } from '../activities/drivers/hypervisor/serial-guest.ts';
import { hypervisorContract } from './hypervisor.ts';
import { missingLibvirt } from './missing.ts';

const script = new URL('../../scripts/host/libvirtd.sh', import.meta.url).pathname;
const libvirtd = (verb: string, state: string) => promisify(execFile)(script, [verb, state]);

hypervisorContract(
  'libvirt',
  async () => {
    const state = await mkdtemp(join(tmpdir(), 'slipway-lv-'));
    const { stdout } = await libvirtd('start', state);
    const settings = { uri: stdout.trim(), dir: join(state, 'node'), run, forceAccel: 'tcg' as const };
    /** Its own file each: QEMU locks what it writes to. */
    const image = async (format: 'raw' | 'qcow2', content: Buffer) => {
      const raw = join(state, `image-${randomUUID()}.raw`);
      await writeFile(raw, content);
      if (format === 'raw') return { type: 'file', path: raw, format } as const;
      const path = raw.replace(/raw$/, 'qcow2');
      await run(['qemu-img', 'convert', '-O', 'qcow2', raw, path]);
      return { type: 'file', path, format } as const;
    };
    return {
      driver: libvirt(settings),
      again: () => libvirt(settings),
      guest: async (format = 'raw') => {
        const source = await image(format, serialGuest('contract guest runs'));
        return { disks: [{ diskId: 'sda', source }], boot: null };
      },
      blank: (format) => image(format, Buffer.alloc(1024 * 1024)),
      boots: /contract guest runs/,
      heedsAcpi: false,
      crash: async (vm) => {
        const { stdout } = await run(['virsh', '-c', settings.uri, 'domname', vm]);
        const pid = await readFile(join(state, 'run', 'qemu', `${stdout.trim()}.pid`), 'utf8');
        process.kill(Number(pid), 'SIGKILL');
      },
      end: async () => {
        await libvirtd('end', state);
        await rm(state, { recursive: true });
      },
    };
  },
  missingLibvirt(),
);
