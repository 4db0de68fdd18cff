import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../../domain/fault.ts';
import type { HostFacts } from '../../../domain/node.ts';
import type { Run } from '../run.ts';

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
 * firmware run, where an operating system never gets to its first line. The answer is kept in `dir` per kernel and emulator.
 */
export async function probeAccel(dir: string, run: Run, emulator: string, kernel: string): Promise<Accel> {
  const version = (await run([emulator, '--version'])).stdout.split('\n')[0] ?? '';
  const file = join(dir, 'accel.json');
  const known = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as { kernel: string; version: string; accel: Accel },
    () => null, // never probed yet
  );
  if (known?.kernel === kernel && known.version === version) return known.accel;

  const accel = (await runsUnderKvm(dir, run, emulator)) ? 'kvm' : 'tcg';
  await writeFile(`${file}.new`, JSON.stringify({ kernel, version, accel }));
  await rename(`${file}.new`, file);
  return accel;
}

async function runsUnderKvm(dir: string, run: Run, emulator: string): Promise<boolean> {
  await mkdir(dir, { recursive: true });
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
        '-drive', `file=${image},format=raw,if=ide`,
      ],
      { okCodes: [GUEST_IS_DONE], timeoutMs: LIMIT_MS, diesWithUs: true },
    );
    return true;
  } catch (error) {
    // 'internal': QEMU gave up at once, for want of /dev/kvm or of the CPU model. 'unavailable': the guest did not get there in time.
    if (error instanceof DomainError) return false;
    throw error;
  } finally {
    await rm(image, { force: true });
  }
}
