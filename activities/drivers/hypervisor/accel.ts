import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../../domain/fault.ts';
import type { HostFacts } from '../../../domain/node.ts';
import type { Run } from '../run.ts';
import { writeWhole } from '../write-whole.ts';

type Accel = Exclude<HostFacts['accel'], 'sim'>;

/** templates/libvirt/probe.S, assembled; a test compares the two. */
const PROBE_GUEST = Buffer.from(
  '+jHAjtiOwI7QvAB8Zr8AEAAADyLfZjHAZrkADAAAZ2bzq2bHBgAQAyAAAGbHBgAgAzAAAGa/ADAAAGa4gwAAAGa5QAAAAGdmiQdmBQAAIABmg8cI' +
    '4vAPARbQfA8g4GaDyCAPIuBmuYAAAMAPMmYNAAEAAA8wDyDAZg0BAACADyLA6oZ8CAC9ECcAADHAD6IPINgPItj/zXXyvgAAAAG/AAAABLkAACAA' +
    '80iluQDC6wv/yXX8Zrr0ALAQ7vTr/WaQAAAAAAAAAAAAAAAAAJogAA8AwHw=',
  'base64',
);
/** QEMU's exit status for what the guest writes to isa-debug-exit: 16 * 2 + 1. */
const GUEST_IS_DONE = 33;
/** The guest takes 0.3 s under KVM and 0.7 s under TCG; a KVM that interprets instructions did not end within 15 s. */
const LIMIT_MS = 5_000;
const IMAGE_BYTES = 1024 * 1024;

/** The boot sector of the guest that the probe runs. */
export function probeSector(): Buffer {
  const sector = Buffer.alloc(512);
  PROBE_GUEST.copy(sector);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/**
 * 'kvm' if a guest's own code was seen to run to its end under KVM at a useful speed, else 'tcg'. /dev/kvm may open, and
 * firmware run, where an operating system never gets to its first line. The answer is kept in `dir` per kernel and
 * emulator, unless KVM was not to be had at all: that is found out at once, and somebody may give it later.
 */
export async function probeAccel(dir: string, run: Run, emulator: string, kernel: string): Promise<Accel> {
  const version = (await run([emulator, '--version'])).stdout.split('\n')[0] ?? '';
  const file = join(dir, 'accel.json');
  const known = await kept(file);
  if (known?.kernel === kernel && known.version === version) return known.accel;

  await mkdir(dir, { recursive: true });
  const seen = await runUnderKvm(dir, run, emulator);
  const accel = seen === 'ends' ? 'kvm' : 'tcg';
  if (seen === 'refused') return accel;
  await writeWhole(file, JSON.stringify({ kernel, version, accel }));
  return accel;
}

interface Kept {
  readonly kernel: string;
  readonly version: string;
  readonly accel: Accel;
}

async function kept(file: string): Promise<Kept | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Kept;
  } catch {
    return null; // Never probed yet, or not to be read: probing again is right in both cases.
  }
}

/** What became of the guest: it ran to its end, it did not within the time, or QEMU did not start it. */
async function runUnderKvm(dir: string, run: Run, emulator: string): Promise<'ends' | 'hangs' | 'refused'> {
  const image = join(dir, `accel-probe.${process.pid}.img`);
  const sector = probeSector();
  await writeFile(image, Buffer.concat([sector, Buffer.alloc(IMAGE_BYTES - sector.length)]));
  try {
    await run(
      // biome-ignore format: one option a line, as QEMU's manual writes them
      [
        emulator,
        '-machine', 'q35',
        '-accel', 'kvm',
        '-cpu', 'qemu64',
        '-m', '128',
        '-nodefaults',
        '-display', 'none',
        '-device', 'isa-debug-exit,iobase=0xf4,iosize=1',
        '-drive', `file=${image.replaceAll(',', ',,')},format=raw,if=ide`,
      ],
      { okCodes: [GUEST_IS_DONE], timeoutMs: LIMIT_MS, diesWithUs: true },
    );
    return 'ends';
  } catch (error) {
    // 'internal': QEMU gave up at once, for want of /dev/kvm or of the CPU model. 'unavailable': the guest did not get there in time.
    if (error instanceof DomainError) return error.fault.kind === 'unavailable' ? 'hangs' : 'refused';
    throw error;
  } finally {
    await rm(image, { force: true });
  }
}
