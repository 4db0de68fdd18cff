import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Lab, missing, openLab } from './installer-lab.ts';

const exec = promisify(execFile);
const reason = missing();
const script = (profile: string): string =>
  readFileSync(new URL(`../../profiles/${profile}/script.py`, import.meta.url), 'utf8');

/** Half of it random, so that compression makes it smaller and leaves much; no part of it is zeros. */
const compressible = (bytes: number): Buffer => {
  const pieces = Array.from({ length: bytes / 4096 }, () => Buffer.concat([randomBytes(2048), Buffer.alloc(2048, 7)]));
  return Buffer.concat(pieces);
};

describe.skipIf(reason)(`shipped scripts${reason ? ` (skipped: ${reason})` : ''}`, () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await openLab();
  });
  afterEach(async () => {
    expect(await lab.remains()).toEqual([]);
    await lab.close();
  });

  it('noop does nothing', async () => {
    const { lines, result } = await lab.call(script('empty'), [
      await lab.disk('sda', { filesystem: null, mountpoint: null }),
    ]);
    expect([lines, result]).toEqual([[], { boot: null }]);
  });

  describe('image', () => {
    const content = Buffer.concat([randomBytes(1 << 20), Buffer.alloc(7 << 20), randomBytes(1 << 20)]);
    let sha512: string;
    beforeEach(async () => {
      const [raw, image] = [join(lab.dir, 'raw'), join(lab.images, 'debian.qcow2')];
      await writeFile(raw, content);
      await exec('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', '-c', raw, image]);
      await rm(raw);
      sha512 = createHash('sha512')
        .update(await readFile(image))
        .digest('hex');
      await writeFile(join(lab.images, 'SHA512SUMS'), `${'0'.repeat(128)}  other.qcow2\n${sha512} *debian.qcow2\n`);
    });
    const put = async (args: Readonly<Record<string, string>>, sizeMiB = 16) => {
      const disk = await lab.disk('vda', { filesystem: null, mountpoint: null, sizeMiB });
      const { lines } = await lab.call(script('cloud-image'), [disk], { entry: 'build', args });
      return { lines, written: await readFile(disk.source.type === 'file' ? disk.source.path : '') };
    };

    const refusal = (...how: Parameters<typeof put>): Promise<string> =>
      put(...how).then(
        () => 'it was written',
        (error: Error) => error.message,
      );

    it.each([
      ['no checksum', () => ''],
      ['a digest', () => `sha512:${sha512.toUpperCase()}`],
      ['a list', () => 'SHA512SUMS'],
    ])('is written with %s', async (_, checksum) => {
      const { written } = await put({ image: 'debian.qcow2', checksum: checksum() });
      expect(written.length).toBe(16 << 20);
      expect(written.subarray(0, content.length).equals(content)).toBe(true);
    });

    it.each([
      [
        'another digest',
        { image: 'debian.qcow2', checksum: `sha256:${'0'.repeat(64)}` },
        16,
        /ValueError: checksum: 'debian.qcow2' has sha256/,
      ],
      ['a list without it', { image: 'SHA512SUMS', checksum: 'SHA512SUMS' }, 16, /the list does not name 'SHA512SUMS'/],
      ['no such file', { image: 'none.img' }, 16, /has no file 'none.img'/],
      ['a file beside the directory', { image: '../etc/passwd' }, 16, /has no file '\.\.\/etc\/passwd'/],
      ['http without a checksum', { image: 'http://192.0.2.1/a.img' }, 16, /by http needs one/],
      [
        'a digest of another kind',
        { image: 'debian.qcow2', checksum: 'md5:d41d8cd98f00b204e9800998ecf8427e' },
        16,
        /^ValueError: checksum: 'md5:d41d8cd98f00b204e9800998ecf8427e' is none of 'sha256:' and 64 or 'sha512:' and 128 hexadecimal digits/,
      ],
      [
        'a digest that is cut',
        { image: 'debian.qcow2', checksum: 'sha256:abc' },
        16,
        /checksum: 'sha256:abc' is none of/,
      ],
      ['a list that is not there', { image: 'debian.qcow2', checksum: 'SUMS' }, 16, /checksum: 'SUMS' is none of/],
      ['no name', {}, 16, /image: tell a file/],
      ['a disk too small', { image: 'debian.qcow2' }, 4, /is \d+ bytes large, disk vda only 4194304/],
    ])('refuses %s', async (_, args, sizeMiB, words) => {
      expect(await refusal(args as Record<string, string>, sizeMiB)).toMatch(words);
    });

    // What a stream of VMDK ends with are copies of tables: without, all data is there.
    it.each([
      ['qcow2', 4096],
      ['qcow2 -c', 4096],
      ['vmdk', 4096],
      ['vdi', 4096],
      ['vmdk -o subformat=streamOptimized', 70_000],
    ])('is refused when it is %s and cut, wherever that is, and not when it is whole', async (options, least) => {
      const [raw, whole] = [join(lab.dir, 'raw'), join(lab.dir, 'whole')];
      await writeFile(raw, compressible(9 << 20));
      await exec('qemu-img', ['convert', '-f', 'raw', '-O', ...options.split(' '), raw, whole]);
      const bytes = await readFile(whole);
      for (const length of [40_000, Math.floor(bytes.length / 2), bytes.length - 70_000, bytes.length - least]) {
        await writeFile(join(lab.images, 'cut.img'), bytes.subarray(0, length));
        expect(await refusal({ image: 'cut.img' }), `${length} of ${bytes.length} bytes`).toMatch(
          /^ValueError: image: 'cut.img' is damaged or not whole/,
        );
      }
      await writeFile(join(lab.images, 'whole.img'), bytes);
      const { written } = await put({ image: 'whole.img' });
      expect(written.subarray(0, 9 << 20).equals(await readFile(raw))).toBe(true);
    });

    it.each([
      ['a text', 1000],
      ['no file of whole sectors', (2 << 20) + 1],
      ['a sector', 512],
    ])('is refused when it is %s', async (_, bytes) => {
      await writeFile(join(lab.images, 'note.txt'), 'x'.repeat(bytes));
      expect(await refusal({ image: 'note.txt' })).toContain(
        `ValueError: image: 'note.txt' has no format that qemu-img knows, and its ${bytes} bytes are no raw disk`,
      );
    });

    it('is written when it is raw', async () => {
      await writeFile(join(lab.images, 'raw.img'), content);
      expect((await put({ image: 'raw.img' })).written.subarray(0, content.length).equals(content)).toBe(true);
    });
  });

  describe('debootstrap', () => {
    // What build() leaves, and what a guest that ran would have left on it.
    const LEFT = `
import os
def build(temporary_directory):
  for path, text in {
    "boot/vmlinuz-6.1.0-9-cloud": "old", "boot/vmlinuz-6.1.0-10-cloud": "new", "boot/initrd.img-6.1.0-10-cloud": "initrd",
    "etc/machine-id": "0123456789abcdef0123456789abcdef", "etc/ssh/ssh_host_ed25519_key": "key", "var/lib/systemd/random-seed": "seed",
    "var/lib/cloud/instance/obj.pkl": "state", "var/log/cloud-init.log": "log",
  }.items():
    os.makedirs(os.path.dirname(f"{temporary_directory}/{path}"), exist_ok=True)
    with open(f"{temporary_directory}/{path}", "w") as file: file.write(text)
`;
    it('gives each VM what is its own', async () => {
      const base = await lab.disk('vda', { filesystemArgs: ['-L=root'] });
      await lab.call(LEFT, [base], { entry: 'build' });
      const ids = new Set<string>();
      for (const vmName of ['web1', 'web2']) {
        const swap = await lab.disk('vdb', { filesystem: 'swap', mountpoint: null });
        const own = await lab.disk('vda', { cloneOf: base.volume, filesystemArgs: ['-L=root'] });
        const { result } = await lab.call(script('debian-12'), [own, swap], { vmName, args: { boot: 'kernel' } });
        expect(await readFile(result.boot?.kernel ?? '', 'utf8')).toBe('new');
        expect(result.boot?.cmdline).toMatch(/^root=LABEL=root ro .*console=ttyS0/);
        expect(await lab.text(own, '/etc/hostname')).toBe(`${vmName}\n`);
        expect(await lab.text(own, '/etc/fstab')).toBe(
          'LABEL=root / ext4 errors=remount-ro 0 1\n/dev/vdb none swap sw 0 0\n',
        );
        for (const gone of [
          '/etc/ssh/ssh_host_ed25519_key',
          '/var/lib/systemd/random-seed',
          '/var/lib/cloud/instance/obj.pkl',
          '/var/log/cloud-init.log',
        ])
          expect(await lab.text(own, gone)).toBeUndefined();
        ids.add((await lab.text(own, '/etc/machine-id')) ?? '');
      }
      expect(ids.size).toBe(2);
      for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}\n$/);
    });

    it.each([
      ['an unknown way to boot', { boot: 'floppy' }, /neither 'kernel' nor 'grub'/],
      [
        'a suite that the host knows no archive for',
        { deb_release: 'noble' },
        /deb_mirror: this host's apt knows no archive with 'noble'|cannot be verified/,
      ],
    ])('refuses %s', async (_, args, words) => {
      const disk = await lab.disk('vda');
      const made = lab.call(script('debian-12'), [disk], { entry: 'build', args: args as Record<string, string> });
      await expect(made).rejects.toThrow(words);
    });

    it('refuses to install beside the disks', async () => {
      const disk = await lab.disk('vda', { filesystem: null, mountpoint: null });
      await expect(lab.call(script('debian-12'), [disk], { entry: 'build' })).rejects.toThrow(
        /a disk with the mountpoint \//,
      );
    });
  });
});
