import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metadataApp } from '../../../api/metadata/app.ts';
import { type MetadataRecord, publicKeysOf } from '../../../api/metadata/record.ts';
import { sessions } from '../../../api/metadata/session.ts';

const USER_DATA = '#cloud-config\nruncmd: ["echo ü"]\n';
const MAC = '52:54:01:00:00:07';

const record: MetadataRecord = {
  instanceId: '6b1c2f0e-0000-4000-8000-000000000001',
  name: 'web1',
  hostname: 'web1.example.org',
  profile: 'debian-12',
  node: 'hv1',
  localIpv4: '10.0.0.7',
  mac: MAC,
  nics: [
    { mac: MAC, ip: '10.0.0.7' },
    { mac: '52:54:01:00:00:08', ip: null },
  ],
  publicKeys: ['ssh-ed25519 AAAA one', 'ssh-ed25519 BBBB two'],
  userData: () => USER_DATA,
};

let server: Server;
let base: string;
let known: MetadataRecord | null = record;
const sources: string[] = [];

beforeAll(async () => {
  const lookup = async (ip: string) => {
    sources.push(ip);
    return known;
  };
  const app = metadataApp({ lookup, logger: pino({ level: 'silent' }) });
  server = await new Promise((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${base}${path}`, { headers });
const text = async (path: string): Promise<string> => {
  const response = await get(path);
  expect(response.status, path).toBe(200);
  return response.text();
};

/** What cloud-init's Ec2 data source does with a listing: every line a leaf, a directory, or `index=name` of a key. */
async function crawl(url: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const line of (await text(url)).split('\n').filter((one) => one !== '')) {
    const key = /^(\d+)=(.*)$/.exec(line);
    if (line.endsWith('/')) found[line.slice(0, -1)] = await crawl(`${url}${line}`);
    else if (key !== null) found[key[2] ?? ''] = await text(`${url}${key[1]}/openssh-key`);
    else found[line] = await text(`${url}${line}`);
  }
  return found;
}

describe('metadata service', () => {
  it.each([
    ['/latest/meta-data/instance-id', record.instanceId],
    ['/2009-04-04/meta-data/local-hostname', 'web1.example.org'],
    ['/2009-04-04/meta-data/hostname', 'web1.example.org'],
    ['/latest/meta-data/local-ipv4', '10.0.0.7'],
    ['/latest/meta-data/name', 'web1'],
    ['/latest/meta-data/profile', 'debian-12'],
    ['/latest/meta-data/mac', MAC],
    ['/latest/meta-data/placement/availability-zone', 'hv1'],
    ['/latest/meta-data/public-keys/', '0=key-0\n1=key-1'],
    ['/latest/meta-data/public-keys', '0=key-0\n1=key-1'],
    ['/latest/meta-data/public-keys/0/', 'openssh-key'],
    ['/latest/meta-data/public-keys/1/openssh-key', 'ssh-ed25519 BBBB two'],
    [`/latest/meta-data/network/interfaces/macs/${MAC}/local-ipv4s`, '10.0.0.7'],
    ['/latest/user-data', USER_DATA],
    ['/latest/', 'dynamic/\nmeta-data/\nuser-data'],
    ['/latest/dynamic/instance-identity/', ''],
  ])('%s', async (path, expected) => {
    expect(await text(path)).toBe(expected);
  });

  it.each([
    '/latest/dynamic/instance-identity/document',
    '/latest/meta-data/__proto__',
    '/latest/meta-data/constructor/name',
    '/latest/meta-data/nothing',
    '/latest/user-data/x',
  ])('%s is not there', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it('gives a cloud-init crawl everything, with no path missing', async () => {
    expect(await crawl('/2009-04-04/meta-data/')).toEqual({
      'instance-id': record.instanceId,
      name: 'web1',
      profile: 'debian-12',
      hostname: 'web1.example.org',
      'local-hostname': 'web1.example.org',
      'local-ipv4': '10.0.0.7',
      mac: MAC,
      placement: { 'availability-zone': 'hv1' },
      network: {
        interfaces: {
          macs: {
            [MAC]: { 'device-number': '0', mac: MAC, 'local-hostname': 'web1.example.org', 'local-ipv4s': '10.0.0.7' },
            '52:54:01:00:00:08': {
              'device-number': '1',
              mac: '52:54:01:00:00:08',
              'local-hostname': 'web1.example.org',
            },
          },
        },
      },
      'public-keys': { 'key-0': 'ssh-ed25519 AAAA one', 'key-1': 'ssh-ed25519 BBBB two' },
    });
  });

  it('knows a guest by its address alone', async () => {
    sources.length = 0;
    await get('/latest/meta-data/name', { 'X-Real-IP': '10.9.9.9', Forwarded: 'for=10.9.9.9' });
    expect(sources).toEqual(['127.0.0.1']);
    const proxied = await get('/latest/meta-data/name', { 'X-Forwarded-For': '10.9.9.9' });
    expect(proxied.status).toBe(403);
    expect(sources).toHaveLength(1);
  });

  it('answers an unknown source with 404 in plain text', async () => {
    known = null;
    const response = await get('/latest/meta-data/');
    known = record;
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'text/plain; charset=utf-8']);
  });

  it('says that it is there', async () => {
    expect((await get('/')).status).toBe(209);
  });

  it('issues session tokens and refuses others', async () => {
    const ttl = 'X-aws-ec2-metadata-token-ttl-seconds';
    const put = (value?: string) =>
      fetch(`${base}/latest/api/token`, { method: 'PUT', headers: value === undefined ? {} : { [ttl]: value } });
    const issued = await put('60');
    expect([issued.status, issued.headers.get(ttl)]).toEqual([200, '60']);
    const token = await issued.text();
    expect((await get('/latest/meta-data/name', { 'X-aws-ec2-metadata-token': token })).status).toBe(200);
    expect((await get('/latest/meta-data/name', { 'X-aws-ec2-metadata-token': `${token}x` })).status).toBe(401);
    for (const bad of [undefined, '0', '21601', 'x', '-1']) expect((await put(bad)).status, `ttl ${bad}`).toBe(400);
    expect((await fetch(`${base}/latest/meta-data/`, { method: 'POST' })).status).toBe(405);
  });
});

describe('session tokens', () => {
  it('are bound to address, time and key', () => {
    let now = 1_000_000;
    const own = sessions(Buffer.alloc(32, 1), () => now);
    const token = own.issue('10.0.0.7', 60);
    expect(own.accepts(token, '10.0.0.7')).toBe(true);
    expect(own.accepts(token, '10.0.0.8')).toBe(false);
    expect(sessions(Buffer.alloc(32, 2), () => now).accepts(token, '10.0.0.7')).toBe(false);
    expect(own.accepts(token.replace(/^\d+/, '9999999999'), '10.0.0.7')).toBe(false);
    now += 61_000;
    expect(own.accepts(token, '10.0.0.7')).toBe(false);
  });
});

it('finds public keys among the arguments', () => {
  expect(publicKeysOf({ ssh_authorized_keys: 'a 1\n# no\n\nb 2\n', ssh_key: 'a 1', other: 'c' })).toEqual([
    'a 1',
    'b 2',
  ]);
  expect(publicKeysOf({})).toEqual([]);
});
