import { mkdtempSync, rmSync } from 'node:fs';
import { request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metadataApp } from '../../../api/metadata/app.ts';
import { guestRecords } from '../../../cli/process/metadata.ts';
import type { Sha256 } from '../../../domain/ids.ts';
import { selectByAddress } from '../../../store/guest.ts';
import { openStore, type Store } from '../../../store/open.ts';
import { textContents } from '../../../store/schema/template.ts';
import { updateVm } from '../../../store/vm.ts';
import { aVmRow, insertGuestRow, insertNetworkRow, macOf } from '../../guest-rows.ts';

// Addresses of the loopback interface, so that guests can really ask from them.
const [WEB1, WEB2, GONE, BROKEN, NOBODY] = ['127.50.0.21', '127.50.0.22', '127.50.0.23', '127.50.0.24', '127.50.0.99'];
const SECOND = '127.51.0.21';
const MULTIPART =
  'Content-Type: multipart/mixed; boundary="=="\r\nMIME-Version: 1.0\r\n\r\n--==\r\n\r\n#!/bin/sh\r\n--==--\r\n';

let dir: string;
let file: string;
let store: Store;
let server: Server;
let port: number;

async function insertText(sha256: string, text: string): Promise<Sha256> {
  await store.write(async (tx) => {
    await tx.insert(textContents).values({ sha256: sha256 as Sha256, text });
  });
  return sha256 as Sha256;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-metadata-'));
  file = join(dir, 'slipway.db');
  store = openStore(file);
  for (const n of [50, 51]) await insertNetworkRow(store, n);
  const hello = await insertText('a', '#cloud-config\nhostname: {{vm.name}}\nmotd: {{json args.motd}}\n');
  const profile = { profile: 'debian-12', userdataSha256: hello };
  await insertGuestRow(store, aVmRow('web1', { ...profile, args: { motd: 'hi "you"', ssh_key: 'ssh-ed25519 A me' } }), [
    WEB1,
    SECOND,
  ]);
  await insertGuestRow(store, aVmRow('web2', { userdataSha256: await insertText('b', MULTIPART) }), [WEB2]);
  await insertGuestRow(store, aVmRow('gone', profile), [GONE]);
  await store.write((tx) => updateVm(tx, aVmRow('gone').id, { state: 'deleting' }));
  await insertGuestRow(store, aVmRow('broken', profile), [BROKEN]);
  const app = metadataApp({ lookup: guestRecords(store), logger: pino({ level: 'silent' }) });
  server = await new Promise((resolve) => {
    const listening = app.listen(0, '0.0.0.0', () => resolve(listening));
  });
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await store.close();
  rmSync(dir, { recursive: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}
const ask = (localAddress: string, path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<Answer>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, localAddress, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
    });
    sent.on('error', reject).end();
  });
const text = async (from: string, path: string): Promise<string> => (await ask(from, path)).text;

describe('a guest asks the metadata service', () => {
  it.each([
    [WEB1, '/latest/meta-data/instance-id', 'web1'],
    [WEB1, '/2009-04-04/meta-data/local-hostname', 'web1.n50.test'],
    [SECOND, '/2009-04-04/meta-data/local-hostname', 'web1.n51.test'],
    [WEB1, '/2021-03-23/meta-data/local-ipv4', WEB1],
    [SECOND, '/latest/meta-data/local-ipv4', SECOND],
    [WEB1, '/latest/meta-data/mac', macOf(WEB1)],
    [WEB1, '/latest/meta-data/network/interfaces/macs', `${macOf(WEB1)}/\n${macOf(SECOND)}/`],
    [WEB1, '/latest/meta-data/profile', 'debian-12'],
    [WEB1, '/latest/meta-data/placement/availability-zone', 'hv1'],
    [WEB1, '/latest/meta-data/public-keys/0/openssh-key', 'ssh-ed25519 A me'],
    [WEB1, '/latest/user-data', '#cloud-config\nhostname: web1\nmotd: "hi \\"you\\""\n'],
    [WEB2, '/latest/meta-data/name', 'web2'],
    [WEB2, '/latest/user-data', MULTIPART],
  ])('%s %s', async (from, path, expected) => {
    expect(await ask(from, path)).toEqual({ status: 200, text: expected });
  });

  it.each([NOBODY, GONE, '127.0.0.1'])('and is not known at %s', async (from) => {
    for (const path of ['/latest/', '/latest/meta-data/', '/latest/meta-data/instance-id', '/latest/user-data']) {
      expect(await ask(from, path), path).toEqual({ status: 404, text: 'Not Found' });
    }
  });

  it("with a session, as cloud-init and the AWS clients do, which is no other guest's", async () => {
    const ttl = { 'X-aws-ec2-metadata-token-ttl-seconds': '21600' };
    const issued = await ask(WEB1, '/latest/api/token', ttl, 'PUT');
    expect(issued.status).toBe(200);
    const session = { 'X-aws-ec2-metadata-token': issued.text };
    expect(await ask(WEB1, '/2021-03-23/meta-data/instance-id', session)).toEqual({ status: 200, text: 'web1' });
    expect((await ask(WEB1, '/2021-03-23/user-data', session)).status).toBe(200);
    expect((await ask(WEB2, '/2021-03-23/user-data', session)).status).toBe(401);
    expect((await ask(WEB1, '/latest/meta-data/', { 'X-aws-ec2-metadata-token': 'none' })).status).toBe(401);
  });

  it('and gets nothing half-filled when its user-data lacks a value', async () => {
    expect(await ask(BROKEN, '/latest/user-data')).toEqual({ status: 500, text: 'Internal Server Error' });
    expect(await text(BROKEN, '/latest/meta-data/name')).toBe('broken');
  });

  it('and hears of a change at once', async () => {
    await store.write((tx) => updateVm(tx, aVmRow('web2').id, { profile: 'other' }));
    expect(await text(WEB2, '/latest/meta-data/profile')).toBe('other');
  });
});

it('finds a guest by one query that scans nothing', () => {
  const { sql, params } = selectByAddress(store.read).toSQL();
  const db = new BetterSqlite3(file, { readonly: true });
  try {
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...params.map(() => WEB1)) as { detail: string }[];
    const steps = plan.map(({ detail }) => detail);
    expect(steps.filter((step) => step.startsWith('SCAN'))).toEqual([]);
    expect(steps.filter((step) => step.startsWith('SEARCH'))).toHaveLength(5);
    expect(steps[0]).toMatch(/^SEARCH asker USING INDEX nic_by_ip \(ip=\?\)$/);
  } finally {
    db.close();
  }
});
