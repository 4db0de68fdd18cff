import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pathsOf } from '../../../cli/paths.ts';
import { prepareInTurn } from '../../../cli/process/first-start.ts';
import { openStore } from '../../../store/open.ts';
import { ADMIN, coreOver, recordingJobs } from '../../api/core/cluster.ts';

let dir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-first-'));
});
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(dir, { recursive: true });
});

async function starter(): Promise<() => Promise<unknown>> {
  const child = fork(new URL('./first-starter.ts', import.meta.url), { stdio: 'inherit' });
  children.push(child);
  await once(child, 'message');
  return async () => {
    child.send(dir);
    const [outcome] = await once(child, 'message');
    return outcome;
  };
}

it('prepares once, whichever of the processes that start together does it', { timeout: 60_000 }, async () => {
  const starters = await Promise.all(Array.from({ length: 4 }, starter));
  const outcomes = await Promise.all(starters.map((start) => start()));
  const token = readFileSync(pathsOf(dir).token, 'utf8').trim();
  expect(outcomes).toEqual(outcomes.map(() => ({ fresh: expect.any(Boolean), token })));
  expect(outcomes.filter((outcome) => (outcome as { fresh: boolean }).fresh)).toHaveLength(1);

  const store = openStore(pathsOf(dir).store);
  const services = coreOver(store, recordingJobs(), { warn: () => undefined });
  expect((await services.networks.list(ADMIN)).map(({ vni }) => vni)).toEqual([100]);
  expect((await services.profiles.list(ADMIN)).map(({ name }) => name)).toEqual(['cloud-image', 'debian-12', 'empty']);
  const scripts = await services.templates.listText(ADMIN, 'script');
  expect(scripts.map(({ name }) => name)).toEqual(['debootstrap', 'image', 'noop']);
  expect(await services.tokens.list(ADMIN)).toHaveLength(1);
  await store.close();
});

it('leaves a directory as it is that was started before', async () => {
  const store = openStore(pathsOf(dir).store);
  const services = coreOver(store, recordingJobs(), { warn: () => undefined });
  const start = () => prepareInTurn(store, services, { paths: pathsOf(dir), driver: 'sim' });
  const first = await start();
  await services.profiles.remove(ADMIN, 'empty');
  expect(await start()).toEqual({ fresh: false, token: first.token });
  expect(await services.profiles.list(ADMIN)).toHaveLength(2);
  const other = prepareInTurn(store, services, { paths: pathsOf(dir), driver: 'local' });
  await expect(other).rejects.toThrow('simulated nodes');
  await store.close();
});
