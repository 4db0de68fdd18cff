import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';

const exec = promisify(execFile);
const script = join(import.meta.dirname, '../../profiles/cloud-image/script.py');
/** Outside of the sandbox, from which no server of this host is reached. */
const FETCH =
  'import runpy, sys\nprint(runpy.run_path(sys.argv[1])["fetch"](f"http://127.0.0.1:{sys.argv[2]}/a.img", sys.argv[3]))';

let server: Server;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-image-'));
});
afterEach(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

const fetch = async (told: number, sent: string): Promise<string> => {
  server = createServer((_, answer) => {
    answer.writeHead(200, { 'content-length': told });
    answer.write(sent, () => answer.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const file = join(dir, 'image');
  const env = { ...process.env, no_proxy: '*' };
  await exec('python3', ['-B', '-c', FETCH, script, String(port), file], { env });
  return readFileSync(file, 'utf8');
};

it('takes a download that is whole', async () => {
  expect(await fetch(5, 'whole')).toBe('whole');
});

it('refuses a download whose connection ended early', async () => {
  await expect(fetch(100, 'half')).rejects.toThrow(/ValueError: image: http:.* ended after 4 of 100 bytes/);
});
