import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probeAccel, probeSector } from '../../activities/drivers/hypervisor/accel.ts';
import { type Run, run } from '../../activities/drivers/run.ts';
import { internal, unavailable } from '../../domain/fault.ts';
import { missing } from './missing.ts';

const EMULATOR = '/usr/bin/qemu-system-x86_64';
const SOURCE = new URL('../../templates/libvirt/probe.S', import.meta.url).pathname;
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slipway-accel-'));
});
afterEach(() => rm(dir, { recursive: true }));

const noTools = missing(['as', 'ld']);
it.skipIf(noTools)(`is the program whose source is shipped${noTools ? ` (skipped: ${noTools})` : ''}`, async () => {
  await run(['as', '-o', 'probe.o', SOURCE], { cwd: dir });
  await run(['ld', '-Ttext', '0x7c00', '--oformat', 'binary', '-o', 'probe.bin', 'probe.o'], { cwd: dir });
  expect(probeSector().equals(await readFile(join(dir, 'probe.bin')))).toBe(true);
});

const noQemu = missing(['qemu-system-x86_64']);
describe.skipIf(noQemu)(`the probe's guest${noQemu ? ` (skipped: ${noQemu})` : ''}`, () => {
  it('runs to its end where guests run', async () => {
    const tcg: Run = (argv, options) => {
      const [program, ...args] = argv.map((word) => (word === 'kvm' ? 'tcg' : word));
      return run([program ?? '', ...args], { ...options, ...(options?.timeoutMs ? { timeoutMs: 50_000 } : {}) });
    };
    // Told 'kvm', it asks TCG: what counts is that the guest is seen to end.
    expect(await probeAccel(dir, tcg, EMULATOR, 'k')).toBe('kvm');
    expect(await readdir(dir)).toEqual(['accel.json']);
  });

  it('is seen to run under KVM, or not', async () => {
    const accel = await probeAccel(dir, run, EMULATOR, 'k');
    if (!existsSync('/dev/kvm')) expect(accel).toBe('tcg');
    expect(await probeAccel(dir, run, EMULATOR, 'k')).toBe(accel);
    expect((await readdir(dir)).filter((name) => name !== 'accel.json')).toEqual([]);
  });
});

describe('the answer', () => {
  const probing = (outcome: () => Promise<never> | Promise<{ code: number; stdout: string; stderr: string }>) => {
    let probes = 0;
    const asked: Run = async (argv) => {
      if (argv.includes('--version')) return { code: 0, stdout: 'QEMU emulator version 7.2\n', stderr: '' };
      probes += 1;
      return outcome();
    };
    return { asked, count: () => probes };
  };
  const ended = async () => ({ code: 33, stdout: '', stderr: '' });

  it('is kept per kernel', async () => {
    const { asked, count } = probing(ended);
    expect(await probeAccel(dir, asked, EMULATOR, 'one')).toBe('kvm');
    expect(await probeAccel(dir, asked, EMULATOR, 'one')).toBe('kvm');
    expect(count()).toBe(1);
    await probeAccel(dir, asked, EMULATOR, 'two');
    expect(count()).toBe(2);
  });

  it('is kept if the guest hangs, since that takes long to find out', async () => {
    const { asked, count } = probing(() => Promise.reject(unavailable('did not end')));
    expect(await probeAccel(dir, asked, EMULATOR, 'one')).toBe('tcg');
    expect(await probeAccel(dir, asked, EMULATOR, 'one')).toBe('tcg');
    expect(count()).toBe(1);
  });

  it('is not kept if there is no KVM: somebody may switch it on', async () => {
    await probeAccel(dir, probing(() => Promise.reject(internal('no /dev/kvm'))).asked, EMULATOR, 'one');
    expect(await probeAccel(dir, probing(ended).asked, EMULATOR, 'one')).toBe('kvm');
  });

  it('is found out again if what was kept cannot be read', async () => {
    await writeFile(join(dir, 'accel.json'), '{');
    expect(await probeAccel(dir, probing(ended).asked, EMULATOR, 'one')).toBe('kvm');
  });
});
