import { totalmem } from 'node:os';
import { expect, it } from 'vitest';
import { describeHostile } from './hostile-lab.ts';
import { groupIn, groupsNamed, namespacesOf } from './installer-lab.ts';

const MIB = 1 << 20;
/** Bytes of memory that one script has: an eighth of the host's, at least a GiB. */
const MEMORY = Math.max(1024 * MIB, Math.floor(totalmem() / 8));

const HOLDING_TASKS = `
import os, signal, time
def install(**_):
  try:
    while True:
      if os.fork() == 0: signal.pause()
  except OSError as error: print(error.strerror, flush=True)
  time.sleep(600)
`;
const holding = (bytes: number, then: string): string =>
  `import time\ndef install(**_):\n  held = [bytearray(b"x") * ${MIB} for _ in range(${Math.floor(bytes / MIB)})]\n  print("held", flush=True)\n  ${then}\n`;

describeHostile('what they take from others', (prey) => {
  /** Runs a script for as long as another holds what it could get. */
  const beside = async (greedy: string, script: string): Promise<readonly string[]> => {
    const { lab } = prey();
    const enough = new AbortController();
    const full = Promise.withResolvers<void>();
    const disks = [await lab.disk('sda'), await lab.disk('sda')] as const;
    const taking = lab.call(greedy, [disks[0]], { signal: enough.signal, line: () => full.resolve() });
    const ended = expect(taking).rejects.toThrow('enough');
    await Promise.race([full.promise, taking]);
    try {
      return (await lab.call(script, [disks[1]], { vmName: 'web2' })).lines;
    } finally {
      enough.abort(new Error('enough'));
      await ended;
    }
  };

  it('no processes', async () => {
    const script =
      'import subprocess\ndef install(**_):\n  for n in range(20): subprocess.run(["true"], check=True)\n  print("done")\n';
    expect(await beside(HOLDING_TASKS, script)).toEqual(['done']);
  });

  it('no memory', async () => {
    const lines = await beside(holding(0.8 * MEMORY, 'time.sleep(600)'), holding(0.5 * MEMORY, 'pass'));
    expect(lines).toEqual(['held']);
  });

  it('are told that their memory was up, and how much they had', async () => {
    const bound = `a script has ${Math.floor(MEMORY / MIB)} MiB`;
    const own = await prey().failure(holding(1.5 * MEMORY, 'pass'));
    expect(own.message).toMatch(
      /^the script's process ended without returning from install\(\) \(SIGKILL\); the kernel ended 1 of/,
    );
    expect(own.message).toContain(bound);
    const child = `import subprocess\ndef install(**_):\n  subprocess.run(["python3", "-c", "x = bytearray(b'x') * ${Math.floor(1.5 * MEMORY)}"], check=True)\n`;
    const childs = await prey().failure(child);
    expect(childs.message).toMatch(/^CalledProcessError: .*SIGKILL.*for want of memory/);
    expect(childs.message).toContain(bound);
  });

  it('no control group: their own is taken away with their last process', async () => {
    const { lab } = prey();
    const script =
      'import subprocess, time\ndef install(**_):\n  for n in range(200): subprocess.Popen(["sleep", "600"])\n  print("busy", flush=True)\n  time.sleep(1)\n';
    let group = '';
    const line = (): void => {
      group = groupIn(namespacesOf(lab.dir));
    };
    await lab.call(script, [await lab.disk('sda')], { line });
    expect(group).not.toBe('');
    expect(groupsNamed(group)).toEqual([]);
  });

  it.each(['/tmp', '/', '/var/tmp', '/root', '/dev', '/dev/shm', '/run'])(
    'find %s full before their memory is',
    async (directory) => {
      const script = `
import errno, os
def install(**_):
  try:
    with open("${directory}/fill", "wb") as file:
      while True: file.write(bytes(1 << 22))
  except OSError as error: print(errno.errorcode[error.errno])
`;
      const { lines } = await prey().lab.call(script, [await prey().lab.disk('sda')]);
      expect(['ENOSPC', ...(directory === '/dev' ? ['EROFS'] : [])]).toContain(lines[0]);
    },
  );
});
