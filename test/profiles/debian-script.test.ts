import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { CORE_DEFAULTS } from '../../api/core/parts.ts';

const exec = promisify(execFile);
const script = join(import.meta.dirname, '../../profiles/debian-12/script.py');
const CONFIGURE = 'import runpy, sys\nrunpy.run_path(sys.argv[1])["configure_cloud_init"](sys.argv[2])';
/** What a slow guest takes for the rest of its boot. */
const BOOT_S = 180;

it('has a guest wait for its user-data through a restart of the API, and less than a creation waits for the guest', async () => {
  const root = mkdtempSync(join(tmpdir(), 'slipway-debian-'));
  try {
    await exec('python3', ['-B', '-c', CONFIGURE, script, root]);
    const settings = JSON.parse(readFileSync(join(root, 'etc/cloud/cloud.cfg.d/90_slipway.cfg'), 'utf8'));
    expect(settings.datasource_list).toEqual(['NoCloud', 'Ec2', 'None']);
    expect(settings.datasource.Ec2).toMatchObject({ strict_id: false, timeout: 5 });
    expect(settings.datasource.Ec2.max_wait).toBeGreaterThanOrEqual(300);
    expect(settings.datasource.Ec2.max_wait).toBeLessThanOrEqual(CORE_DEFAULTS.waitTimeoutMs / 1000 - BOOT_S);
  } finally {
    rmSync(root, { recursive: true });
  }
});
