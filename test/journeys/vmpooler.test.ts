import { afterAll, afterEach, expect, it } from 'vitest';
import { dataDir, type Process, slipway, up, upAsTold } from './installation.ts';

const data = dataDir();
const running: Process[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.end();
});
afterAll(() => data.remove());

const ask = async (method: string, url: string) => {
  const response = await fetch(url, { method });
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a body
  return { status: response.status, body: (await response.json()) as any };
};

it('gives VMs of a pool on a port of its own and beside the other dialects, fills up behind, and keeps its port', async () => {
  const first = await up(data.dir, '--sim=2');
  running.push(first);
  const { api, instance } = first;
  const beside = `${instance.api}/vmpooler/api/v1`;
  expect(await ask('GET', `${instance.vmpooler}/vm`)).toEqual({ status: 200, body: [] });
  await api.post('/pool', { name: 'debian-12', profile: 'empty', size: '2' });
  // Waits its turn until both are made: nothing is asked again and again.
  const taken = await ask('POST', `${instance.vmpooler}/vm/debian-12+debian-12?wait=60`);
  expect(taken.status).toBe(200);
  const [one, two] = taken.body['debian-12'].hostname as string[];
  expect(new Set([one, two]).size).toBe(2);
  expect((await ask('GET', `${beside}/vm/${one}`)).body[`${one}`]).toMatchObject({
    state: 'running',
    template: 'debian-12',
  });
  // Those that were taken are replaced.
  expect((await ask('POST', `${beside}/vm/debian-12?wait=60`)).status).toBe(200);
  expect((await ask('DELETE', `${instance.vmpooler}/vm/${two}`)).body).toEqual({ ok: true });
  expect((await slipway('vm', 'list', '--data', data.dir)).stdout).toContain(one);
  await first.end();
  const second = await up(data.dir, '--sim=2');
  running.push(second);
  expect(second.instance.vmpooler).toBe(instance.vmpooler);
  expect((await ask('GET', `${second.instance.vmpooler}/api/v2/vm/${one}`)).body[`${one}`].fqdn).toBe(one);
});

it('two installations that were told nothing about it listen on two ports', async () => {
  const [a, b] = [dataDir(), dataDir()];
  const origins: string[] = [];
  for (const { dir } of [a, b]) {
    const began = await upAsTold(dir, '--sim=1', '--listen', '127.0.0.1:0', '--metadata', '127.0.0.1:0');
    running.push(began);
    origins.push(began.instance.vmpooler);
  }
  expect(new Set(origins).size).toBe(2);
  for (const origin of origins) expect((await ask('GET', `${origin}/vm`)).status).toBe(200);
  for (const one of running.splice(0)) await one.end();
  for (const one of [a, b]) one.remove();
});
