import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Api } from '../cli/client/api.ts';
import { dataDir, slipway, up } from '../test/journeys/installation.ts';

/** Makes a VM of a profile, and resolves when it is made. */
export type Create = (api: Api, name: string, profile: string) => Promise<unknown>;

/** An installation over this machine's hypervisor. */
export interface RealNode {
  readonly api: Api;
  /** Its data directory. */
  readonly data: string;
  /** A directory for the benchmark's own files. */
  readonly scratch: string;
  /** Makes the profile of a directory. */
  readonly apply: (dir: string) => Promise<void>;
}

/** Works with an installation of its own; nothing is left of it and of the scratch directory. */
export async function onRealNode(work: (node: RealNode) => Promise<void>): Promise<void> {
  const data = dataDir();
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  const running = await up(data.dir);
  try {
    await work({ api: running.api, data: data.dir, scratch, apply: (dir) => applied(dir, data.dir) });
  } finally {
    await running.end();
    await slipway('down', '--purge', '--data', data.dir);
    rmSync(scratch, { recursive: true, force: true });
    data.remove();
  }
}

async function applied(dir: string, data: string): Promise<void> {
  const { code, stderr } = await slipway('profile', 'apply', dir, '--data', data);
  if (code !== 0) throw new Error(stderr);
}
