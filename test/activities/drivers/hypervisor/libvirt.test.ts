import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { libvirt } from '../../../../activities/drivers/hypervisor/libvirt.ts';
import { run } from '../../../../activities/drivers/run.ts';
import { hypervisorContract } from '../../../contracts/hypervisor.ts';
import { serialGuest } from './serial-guest.ts';

const script = new URL('../../../../scripts/host/libvirtd.sh', import.meta.url).pathname;
const libvirtd = (verb: string, state: string) => promisify(execFile)(script, [verb, state]);

function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const path = (process.env.PATH ?? '').split(':').concat('/usr/sbin');
  const absent = ['libvirtd', 'virsh', 'qemu-system-x86_64'].find((p) => !path.some((dir) => existsSync(join(dir, p))));
  return absent && `no ${absent}`;
}

hypervisorContract(
  'libvirt',
  async () => {
    const state = await mkdtemp(join(tmpdir(), 'slipway-lv-'));
    const { stdout } = await libvirtd('start', state);
    const settings = { uri: stdout.trim(), dir: join(state, 'node'), run, forceAccel: 'tcg' as const };
    const disk = join(state, 'guest.img');
    await writeFile(disk, serialGuest('contract guest runs'));
    return {
      driver: libvirt(settings),
      again: () => libvirt(settings),
      guest: async () => ({
        disks: [{ diskId: 'sda', source: { type: 'file', path: disk, format: 'raw' } }],
        boot: null,
      }),
      boots: /contract guest runs/,
      heedsAcpi: false,
      end: async () => {
        await libvirtd('end', state);
        await rm(state, { recursive: true });
      },
    };
  },
  missing(),
);
