import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { apiClient } from '../../cli/client/api.ts';
import { type DevServer, devServer } from '../../cli/temporal/dev-server.ts';
import { dataDir, type Process, roleBy, type Starter, slipway } from './installation.ts';
import { createVm, follow } from './task.ts';

const skip = process.getuid?.() === 0 ? undefined : 'not root, who is the node';

const USER = 12_345;

const base = dataDir();
const dir = join(base.dir, 'data');
const bin = join(base.dir, 'bin');
const running: Process[] = [];
let temporal: DevServer;

beforeEach(async () => {
  chmodSync(base.dir, 0o755);
  mkdirSync(dir);
  chownSync(dir, USER, USER);
  // As the units have it.
  chmodSync(dir, 0o2771);
  // Where that user finds it.
  mkdirSync(bin);
  copyFileSync(process.execPath, join(bin, 'node'));
  temporal = await devServer(join(base.dir, 'temporal'));
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.end();
  await temporal.stop();
  base.remove();
});

/** As the units start their programs. The checkout of a test may be where others cannot read, which a package never is. */
const readsAll = ['--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search'];
const asUser: Starter = {
  by: ['setpriv', '--reuid', `${USER}`, '--regid', `${USER}`, '--clear-groups', ...readsAll],
  env: { HOME: dir, XDG_CACHE_HOME: undefined, SLIPWAY_TOOLS: undefined, PATH: `${bin}:${process.env.PATH}` },
};
const asRoot: Starter = { by: ['setpriv', '--regid', `${USER}`, '--clear-groups'] };

async function begin(starter: Starter, name: 'api' | 'control' | 'node', ...args: readonly string[]): Promise<Process> {
  const started = await roleBy(starter, name, '--data', dir, '--temporal', temporal.address, ...args);
  running.push(started);
  return started;
}

it.skipIf(skip)(
  `services run as a user whose home the data directory is, though root's node was first there${skip ? ` (skipped: ${skip})` : ''}`,
  async () => {
    await begin(asRoot, 'node', '--sim', '--name', 'hv1');
    await begin(asUser, 'control');
    const api = await begin(asUser, 'api', '--listen', '127.0.0.1:0', '--metadata', '127.0.0.1:0');
    const [, at = ''] = /"listening":\{"API":"([^"]+)"/.exec(api.log()) ?? [];
    const token = readFileSync(join(dir, 'token'), 'utf8').trim();
    const client = apiClient({ api: `http://${at}`, token });
    expect((await follow(client, await createVm(client, 'web1', 'empty'))).state).toBe('SUCCESS');
    const second = await slipway('node', '--sim', '--name', 'hv1', '--data', dir, '--temporal', temporal.address);
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining('Another process is the node hv1')]);
    for (const name of readdirSync(dir).filter((one) => /^(slipway|payload)\./.test(one)))
      expect([name, statSync(join(dir, name)).uid]).toEqual([name, USER]);
  },
);
