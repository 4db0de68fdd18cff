import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { absentOf } from '../contracts/missing.ts';
import { dataDir, slipway, type Up, up } from './installation.ts';

const skip = absentOf(['openssl']);

describe.skipIf(skip)(`an API with TLS${skip ? ` (skipped: ${skip})` : ''}`, () => {
  const data = dataDir();
  // Slipway takes no directory that holds others' files.
  const dir = join(data.dir, 'data');
  const cert = join(data.dir, 'cert.pem');
  const key = join(data.dir, 'key.pem');
  let running: Up | undefined;

  beforeAll(async () => {
    selfSigned();
    const config = join(data.dir, 'slipway.yaml');
    writeFileSync(config, JSON.stringify({ api: { ssl: { enabled: true, cert_file: cert, key_file: key } } }));
    running = await up(dir, '--sim=1', '--config', config);
  });
  afterAll(async () => {
    await running?.end();
    data.remove();
  });

  /** Below the directory that is to be removed, for one address and a day. */
  function selfSigned(): void {
    const subject = ['-subj', '/CN=slipway', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1'];
    const pair = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', '-x509', ...pair, ...subject], { stdio: 'pipe' });
  }

  it('answers whoever trusts its certificate', async () => {
    const { api, token } = running!.instance;
    expect(api).toMatch(/^https:/);
    const asked = request(`${api}/api/v1/network/100`, {
      ca: readFileSync(cert),
      headers: { 'x-api-key': token },
    }).end();
    const [answer] = await once(asked, 'response');
    expect(answer.statusCode).toBe(200);
    expect(await json(answer)).toMatchObject([{ vni: 100 }]);
  });

  it('is refused by whoever does not, and says nothing without TLS', async () => {
    const { api } = running!.instance;
    await expect(fetch(`${api}/healthz`)).rejects.toMatchObject({ cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
    await expect(fetch(`${api.replace('https', 'http')}/healthz`)).rejects.toThrow();
  });

  it('is spoken to by the command line, told of the certificate as any program on Node is', async () => {
    const list = () => slipway('node', 'list', '--data', dir, '--json');
    expect((await list()).code).toBe(69);
    const plain = await slipway('node', 'list', '--api', running!.instance.api.replace('https', 'http'));
    expect(plain.stderr).toContain('is it an https:// address?');
    process.env.NODE_EXTRA_CA_CERTS = cert;
    try {
      const { code, stdout } = await list();
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject([{ name: 'hv1' }]);
    } finally {
      delete process.env.NODE_EXTRA_CA_CERTS;
    }
  });
});
