import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describeHostile } from './hostile-lab.ts';
import { processes } from './installer-lab.ts';

const exec = promisify(execFile);
const RAW = { filesystem: null, mountpoint: null } as const;

describeHostile('what they use up', (prey) => {
  it('leave no process behind', async () => {
    const script = `
import os, time
def install(**_):
  if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
      os.execvp("sleep", ["sleep", "86397"])
    os._exit(0)
  time.sleep(0.2)
`;
    const begin = Date.now();
    await prey().lab.call(script, [await prey().lab.disk('sda')]);
    expect(Date.now() - begin).toBeLessThan(20_000);
    expect(processes().filter(({ command }) => command === 'sleep 86397')).toEqual([]);
  });

  it('run out of processes before the host does', async () => {
    const script = `
import os, signal, time
def install(**_):
  n = 0
  try:
    while True:
      if os.fork() == 0: signal.pause()
      n += 1
  except OSError as error: print(n, error.strerror)
`;
    const { lines } = await prey().lab.call(script, [await prey().lab.disk('sda')]);
    const [, count, why] = /^(\d+) (.*)$/.exec(lines.at(-1) ?? '') ?? [];
    expect(why).toBe('Resource temporarily unavailable');
    expect(Number(count)).toBeGreaterThan(200);
    expect(Number(count)).toBeLessThan(1100);
  });

  it('run out of memory before the host does', async () => {
    const script = 'def install(**_):\n  hold = []\n  while True: hold.append(bytearray(b"x") * (64 << 20))\n';
    const error = await prey().failure(script);
    expect(error.fault).toMatchObject({ kind: 'script' });
    expect(error.message).toMatch(/SIGKILL|MemoryError/);
  });

  it('keep a disk without filesystem at its size', async () => {
    const { lab } = prey();
    const base = await lab.disk('vda', RAW);
    const disks = [await lab.disk('vda', { ...RAW, cloneOf: base.volume }), await lab.disk('vdb', RAW)];
    const script = `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def fallocate(device, mode):
  if libc.fallocate(device, mode, ctypes.c_long(0), ctypes.c_long(1 << 33)): raise OSError(ctypes.get_errno(), "refused")
def install(disks, **_):
  for disk in disks:
    path = disk["device"]
    size = os.stat(path).st_size
    device = os.open(path, os.O_RDWR)
    for grow in (
      lambda: os.truncate(path, 1 << 44), lambda: os.ftruncate(device, 1 << 44), lambda: os.ftruncate(device, 4096),
      lambda: os.pwrite(device, b"x" * 4096, 1 << 33), lambda: fallocate(device, 0), lambda: fallocate(device, 0x10),
    ):
      try: print("grown", grow())
      except OSError: pass
    os.close(os.open(path, os.O_RDWR | os.O_TRUNC))
    print(size, os.stat(path).st_size)
`;
    expect((await lab.call(script, disks)).lines).toEqual(disks.map(() => `${64 << 20} ${64 << 20}`));
    for (const { source } of disks) {
      if (source.type !== 'file') throw new Error('bug: no file');
      const { stdout } = await exec('qemu-img', ['info', '--output=json', source.path]);
      expect(JSON.parse(stdout)).toMatchObject({ 'virtual-size': 64 << 20, format: source.format });
    }
  });

  it('may write without end', async () => {
    const before = process.memoryUsage().rss;
    const script = `
import sys
def install(**_):
  for n in range(400): sys.stdout.write(("x" * 127 + "\\n") * 1024)
  sys.stdout.write("y" * (20 << 20))
  raise RuntimeError("full")
`;
    const heard: string[] = [];
    const error = await prey().failure(script, { line: (line) => heard.push(line) });
    expect(error.message).toMatch(/^RuntimeError: full/);
    expect(error.message.length).toBeLessThan(10_000);
    expect(heard.join('\n').length).toBeLessThan(3 << 20);
    expect(heard.filter((line) => /^\(\d+ lines were cut here\)$/.test(line))).toHaveLength(1);
    expect(heard.slice(-4)).toContain('Traceback (most recent call last):');
    expect(heard.at(-1)).toBe('RuntimeError: full');
    expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
  });
});
