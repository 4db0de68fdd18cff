import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { absentOf } from '../contracts/missing.ts';

const exec = promisify(execFile);
const script = join(import.meta.dirname, '../../profiles/cloud-image/script.py');
/** Outside of the sandbox, from which no server of this host is reached. */
const FETCH = `import json, runpy, sys
fetch = runpy.run_path(sys.argv[1])["fetch"]
url, path, options, settings = json.loads(sys.argv[2])
fetch.__globals__.update(settings)
fetch(url, path, **options)`;

let servers: Server[];
let dir: string;
beforeEach(() => {
  servers = [];
  dir = mkdtempSync(join(tmpdir(), 'slipway-image-'));
});
afterEach(() => {
  for (const server of servers) server.close();
  rmSync(dir, { recursive: true });
});

async function listening(server: Server): Promise<string> {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}/a.img`;
}

const serve = async (answer: RequestListener): Promise<string> => `http://${await listening(createServer(answer))}`;

/** The same by https, with a certificate that `fetched` trusts. */
async function serveSecurely(answer: RequestListener): Promise<string> {
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const pair = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', key, '-out', cert];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...pair, ...subject], { stdio: 'pipe' });
  return `https://${await listening(createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }, answer))}`;
}

async function fetched(url: string, options: object = {}, settings: object = {}): Promise<string> {
  const file = join(dir, 'image');
  const env = { ...process.env, no_proxy: '*', SSL_CERT_FILE: join(dir, 'cert.pem') };
  await exec('python3', ['-B', '-c', FETCH, script, JSON.stringify([url, file, options, settings])], { env });
  return readFileSync(file, 'utf8');
}

const sending =
  (told: number, sent: string): RequestListener =>
  (_, answer) => {
    answer.writeHead(200, { 'content-length': told });
    answer.write(sent, () => answer.destroy());
  };
const leading =
  (location: string): RequestListener =>
  (_, answer) =>
    void answer.writeHead(302, { location }).end();

it('takes a download that is whole', async () => {
  expect(await fetched(await serve(sending(5, 'whole')))).toBe('whole');
});

it('refuses a download whose connection ended early', async () => {
  await expect(fetched(await serve(sending(100, 'half')))).rejects.toThrow(
    /ValueError: image: http:.* ended after 4 of 100 bytes/,
  );
});

it('gives up a download that trickles', async () => {
  const url = await serve((_, answer) => {
    const drops = setInterval(() => answer.write('.'), 50);
    answer.on('close', () => clearInterval(drops));
  });
  await expect(fetched(url, {}, { DOWNLOAD_S: 1 })).rejects.toThrow(
    /TimeoutError: image: not all of it came within 1 s/,
  );
});

const skip = absentOf(['openssl']);

it.skipIf(skip)(
  `follows https to https, and to http only where there is a checksum${skip ? ` (skipped: ${skip})` : ''}`,
  async () => {
    const plain = await serve(sending(5, 'plain'));
    const led = await serveSecurely((request, answer) =>
      request.url === '/there'
        ? sending(6, 'secret')(request, answer)
        : leading(request.url === '/a.img' ? plain : '/there')(request, answer),
    );
    await expect(fetched(led)).rejects.toThrow(
      new RegExp(`ValueError: checksum: an image that comes by http needs one, and ${led} leads to ${plain}`),
    );
    expect(await fetched(led, { plain: true })).toBe('plain');
    expect(await fetched(led.replace('a.img', 'here'))).toBe('secret');
  },
);
