import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../cli/instance/ports.ts';
import { findTemporal } from '../../cli/temporal/program.ts';
import { dataDir, type Up, up } from './installation.ts';
import { createVm, follow } from './task.ts';

let port: number;
let server: ChildProcess;
let running: Up;
const data = dataDir();

/** A server as somebody else runs one: it keeps nothing, and is told of nothing that Slipway needs. */
async function begin(): Promise<void> {
  const { path } = await findTemporal();
  const where = ['--ip', '127.0.0.1', '--port', `${port}`, '--headless', '--log-level', 'error'];
  server = spawn(path, ['server', 'start-dev', ...where], { stdio: 'ignore' });
  await (await Connection.connect({ address: `127.0.0.1:${port}`, connectTimeout: 30_000 })).close();
}
async function end(): Promise<void> {
  const exit = once(server, 'exit');
  server.kill('SIGKILL');
  await exit;
}

beforeAll(async () => {
  port = await freePort('127.0.0.1');
  await begin();
  running = await up(data.dir, '--sim=1', '--temporal', `127.0.0.1:${port}`);
});
afterAll(async () => {
  await running?.end();
  await end();
  data.remove();
});

it('starts what is asked for after its Temporal server came back without its database', async () => {
  const { api } = running;
  expect(await follow(api, await createVm(api, 'before', 'empty'))).toMatchObject({ state: 'SUCCESS' });
  await end();
  await begin();
  expect(await follow(api, await createVm(api, 'after', 'empty'))).toMatchObject({ state: 'SUCCESS' });
  const ready = await fetch(`${running.instance.api}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ok', checks: { store: 'ok', temporal: 'ok' } }]);
  const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
  const { schedule } = new Client({ connection });
  await expect.poll(() => schedule.getHandle('pools').describe()).toMatchObject({ scheduleId: 'pools' });
  await connection.close();
});
