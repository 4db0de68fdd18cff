import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { profileCommand } from '../../../cli/commands/profile.ts';

let dir: string;
let server: Server;
let asked: (string | undefined)[];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-apply-'));
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url);
    response.setHeader('content-type', 'application/json').end('{"message":"done"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  vi.stubEnv('SLIPWAY_TOKEN', 't');
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  server.close();
  rmSync(dir, { recursive: true });
});

async function apply(userdata: string, change: object = {}): Promise<void> {
  const profile = { name: 'web', system: { vcpus: 1, memoryMiB: 512 }, userdata: 'userdata.yaml', ...change };
  writeFileSync(join(dir, 'profile.yaml'), stringify(profile));
  writeFileSync(join(dir, 'userdata.yaml'), userdata);
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await profileCommand().parseAsync(['apply', dir, '--api', api], { from: 'user' });
}

it('sends no user-data with a hole that nothing can fill', async () => {
  await expect(apply('hostname: {{vm.nmae}}\n')).rejects.toThrow("there is no value for 'vm.nmae'");
  expect(asked).toEqual([]);
});

it('names everything that a check names, and sends nothing', async () => {
  const wrong = { arguments: { b: null, c: [1], 'd e': 'x' } };
  await expect(apply('#cloud-config\n', wrong)).rejects.toThrow(
    /arguments\.b: .*\n.*arguments\.c: .*\n.*arguments\.d e: /,
  );
  expect(asked).toEqual([]);
});

it('leaves an argument without a default to the creation', async () => {
  await apply('#cloud-config\npassword: {{args.password}}\n{{args.more}}\n');
  expect(asked).toEqual(['/api/v1/provisioner/profile/apply']);
});
