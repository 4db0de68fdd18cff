import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeHostile } from './hostile-lab.ts';

describeHostile('what they leave and tell', (prey) => {
  it.each([
    ['a link up', '../../../../../../etc/passwd'],
    ['a link to the root', '/etc/passwd'],
    ['a link to the host file itself', 'SECRET'],
  ])('get no host file as kernel by %s', async (_, link) => {
    const to = link === 'SECRET' ? prey().secret : link;
    const script = `import os\ndef install(temporary_directory, **_):\n  os.symlink(${JSON.stringify(to)}, f"{temporary_directory}/vmlinuz")\n  return {"kernel": "/vmlinuz"}\n`;
    expect((await prey().failure(script)).message).toMatch(/^FileNotFoundError/);
  });

  it.each([
    ['a link', `os.symlink("${'SECRET'}", "/run/slipway/out/kernel")`, /kernel: Too many levels/],
    ['a pipe nobody writes to', 'os.mkfifo("/run/slipway/out/kernel")', /no regular file/],
    [
      'a file of a terabyte of holes',
      'os.truncate(os.open("/run/slipway/out/kernel", os.O_CREAT | os.O_RDWR), 1 << 40)',
      /at most|File too large/,
    ],
    ['nothing', 'None', /kernel: No such file/],
  ])('forge a report with %s for a kernel in vain', async (_, code, words) => {
    const forged = JSON.stringify({ ok: true, boot: { initrd: false, cmdline: 'x' } });
    const script = `import os\ndef install(**_):\n  ${code.replace('SECRET', prey().secret)}\n  os.write(3, ${JSON.stringify(forged)}.encode())\n  os._exit(0)\n`;
    const error = await prey().failure(script);
    expect(error.fault).toMatchObject({ kind: 'script' });
    expect(error.message).toMatch(words);
    expect(await readFile(join(prey().lab.dir, 'out', 'kernel'), 'utf8').catch(() => '')).not.toContain(prey().token);
  });

  it.each(['{', '[]', '{"ok": true}', '{"ok": true, "boot": 7}', '{"ok": "yes"}', 'null'])(
    'forge the report %s in vain',
    async (text) => {
      const script = `import os\ndef install(**_):\n  os.write(3, ${JSON.stringify(text)}.encode())\n  os._exit(0)\n`;
      expect((await prey().failure(script)).fault).toMatchObject({ kind: 'script' });
    },
  );

  it('have their mountpoint inside the disks, whatever links they left there', async () => {
    const victim = join(prey().lab.dir, 'victim');
    await mkdir(victim);
    const base = [await prey().lab.disk('sda'), await prey().lab.disk('sdb', { mountpoint: '/data' })];
    const build = `import os\ndef build(temporary_directory, **_):\n  os.symlink(${JSON.stringify(victim)}, f"{temporary_directory}/opt")\n  os.symlink("../../../../../../usr/bin", f"{temporary_directory}/srv")\n`;
    await prey().lab.call(build, base, { entry: 'build' });
    const clones = [
      await prey().lab.disk('sda', { cloneOf: base[0]!.volume }),
      await prey().lab.disk('sdb', { cloneOf: base[1]!.volume, mountpoint: '/opt/deep' }),
      await prey().lab.disk('sdc', { mountpoint: '/srv' }),
    ];
    const install =
      'import os\ndef install(temporary_directory, **_):\n  print(os.listdir("/usr/bin").count("python3"))\n';
    expect((await prey().lab.call(install, clones)).lines).toEqual(['1']);
    expect(await readdir(victim)).toEqual([]);
  });
});
