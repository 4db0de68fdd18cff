import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { libvirt } from '../../../../activities/drivers/hypervisor/libvirt.ts';
import type { Run } from '../../../../activities/drivers/run.ts';
import { internal } from '../../../../domain/fault.ts';
import type { VmId } from '../../../../domain/ids.ts';

const VM = '00000000-0000-4000-8000-000000000001' as VmId;
const OUT = { code: 0, stdout: '', stderr: '' };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-shutdown-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A libvirt whose guest cannot be told to shut down, and is listed as running this often after that. */
function dying(looks: number) {
  let failed = false;
  let left = looks;
  const run: Run = (argv, options = {}) => {
    if (argv.includes('shutdown')) {
      failed = true;
      return Promise.reject(internal('Unable to read from monitor: Connection reset by peer'));
    }
    if (argv.includes('event'))
      return new Promise((_, reject) => {
        const beat = setInterval(() => options.line?.("event 'lifecycle'"), 5);
        options.signal?.addEventListener('abort', () => {
          clearInterval(beat);
          reject(options.signal?.reason);
        });
      });
    if (failed) left -= 1;
    return Promise.resolve({ ...OUT, stdout: `${VM}  ${left >= 0 ? '7' : '-'}  web1\n` });
  };
  return libvirt({ uri: 'test:///', dir, run });
}

it('takes a guest for off that dies while it is told to shut down', async () => {
  expect(await dying(3).shutdown(VM, 60_000, new AbortController().signal)).toBe(true);
});

it('says why a guest that runs on cannot be told', async () => {
  const ended = new AbortController();
  const told = dying(Number.POSITIVE_INFINITY).shutdown(VM, 60_000, ended.signal);
  await expect(told).rejects.toThrow('Unable to read from monitor');
}, 10_000);
