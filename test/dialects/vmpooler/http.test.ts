import { request } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../../../api/http/openapi.ts';
import { type Fixture, makeFixture, type Pooler, pooler } from './world.ts';

let fixture: Fixture;
let at: Pooler;
beforeAll(async () => {
  fixture = await makeFixture();
  at = await pooler(fixture);
});
afterAll(async () => {
  await at.close();
  fixture.remove();
});

interface Raw {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** What stands on the wire, with no header but these. */
const raw = (
  method: string,
  url: string,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): Promise<Raw> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => void parts.push(part));
      response.once('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    asked.once('error', reject);
    asked.end(body);
  });

describe('an answer', () => {
  it('is plain unless compression is asked for, and says what it depends on', async () => {
    const { headers, body } = await raw('GET', `${at.alone}/vm`);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      vary: 'Accept-Encoding',
      'content-length': String(body.length),
    });
    expect(headers).not.toHaveProperty('content-encoding');
    expect(JSON.parse(body.toString())).toHaveLength(3);
  });

  it.each(['gzip', 'gzip;q=1.0,deflate;q=0.6,identity;q=0.3', 'br, gzip'])('is compressed for %s', async (accepted) => {
    const { headers, body } = await raw('GET', `${at.alone}/vm/nope`, { 'Accept-Encoding': accepted });
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(JSON.parse(gunzipSync(body).toString())).toEqual({ ok: false });
  });

  it.each(['identity', 'gzip;q=0', 'br'])('is not compressed for %s', async (accepted) => {
    const { headers } = await raw('GET', `${at.alone}/vm`, { 'Accept-Encoding': accepted });
    expect(headers).not.toHaveProperty('content-encoding');
  });

  it.each(['/', '/dashboard', '/dashboard/main.js', '/prometheus', '/healthcheck', '/status'])(
    'to a method that %s does not know is that to a path which is not there',
    async (path) => {
      for (const method of ['DELETE', 'PATCH', 'POST', 'OPTIONS']) {
        const { status, headers, body } = await raw(method, `${at.alone}${path}`);
        expect([method, status, JSON.parse(body.toString())]).toEqual([method, 404, { ok: false }]);
        expect(headers).not.toHaveProperty('allow');
      }
    },
  );

  it('to HEAD is that to GET without the body', async () => {
    const [head, get] = [await raw('HEAD', `${at.alone}/api/v1/vm`), await raw('GET', `${at.alone}/api/v1/vm`)];
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
  });

  it.each(['POST /vm', 'PUT /vm/{mine}', 'POST /ondemandvm', 'POST /config/poolsize', 'POST /poolreset'])(
    'to a %s with a body of any type and kind is JSON of a refusal, never an error of the server',
    async (line) => {
      const [method = '', path = ''] = line.replace('{mine}', fixture.names.mine ?? '').split(' ');
      const token = { 'X-AUTH-TOKEN': fixture.names.boss ?? '' };
      const bodies = [
        '\0',
        '[[[[',
        `{"a":${'['.repeat(50_000)}`,
        `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
        `{"tags":{"a":${'{"b":'.repeat(101)}1${'}'.repeat(101)}}}`,
        '{"__proto__":{"a":1}}',
        '{"constructor":1}',
        '\ufeff{}',
        '0',
      ];
      for (const body of bodies)
        for (const type of ['text/html', 'application/json; charset=nope', 'multipart/form-data', 'x'])
          expect(await raw(method, `${at.alone}${path}`, { 'Content-Type': type, ...token }, body)).toMatchObject({
            status: expect.toSatisfy((status: number) => status >= 400 && status < 500),
            body: expect.toSatisfy((text: Buffer) => JSON.parse(text.toString()).ok === false),
          });
    },
  );

  it.each(['POST /vm', 'PUT /vm/{mine}', 'POST /ondemandvm', 'POST /config/poolsize', 'POST /poolreset'])(
    'to a %s with a form in parts, as curl -F sends it, says that the body has to be JSON',
    async (line) => {
      const [method = '', path = ''] = line.replace('{mine}', fixture.names.mine ?? '').split(' ');
      const headers = { 'X-AUTH-TOKEN': fixture.names.boss ?? '', 'Content-Type': 'multipart/form-data; boundary=xyz' };
      const form = '--xyz\r\nContent-Disposition: form-data; name="debian"\r\n\r\n1\r\n--xyz--\r\n';
      const answer = await raw(method, `${at.alone}${path}`, headers, form);
      expect(answer.status).toBe(400);
      expect(answer.headers['x-slipway-reason']).toBe(
        'body: must be JSON (curl -d), and is a form in parts (curl -F).',
      );
      expect(JSON.parse(answer.body.toString())).toMatchObject({ ok: false });
    },
  );

  it('to a pool by its path does not look at the body, be it a form in parts', async () => {
    const headers = { 'Content-Type': 'multipart/form-data; boundary=xyz' };
    const form = '--xyz\r\nContent-Disposition: form-data; name="debian"\r\n\r\n1\r\n--xyz--\r\n';
    expect((await raw('POST', `${at.alone}/vm/debian-7-i386`, headers, form)).status).toBe(200);
  });

  it.each([
    ['application/json', Buffer.from('{"tags":{"a":"caf\xe9"}}', 'latin1'), 'body: is not UTF-8.', false],
    ['application/x-www-form-urlencoded', Buffer.from('\xff{}', 'latin1'), 'body: is not UTF-8.', false],
    ['application/json', Buffer.from('{"tags":{"a":"\\ud800"}}'), 'tags.a: holds half of a surrogate pair', true],
    ['application/json; charset=iso-8859-1', Buffer.from('{"é":1}'), 'The body must be UTF-8, and says', true],
  ])('to a body of %s that is no text says so', async (type, body, reason, told) => {
    const headers = { 'X-AUTH-TOKEN': fixture.names.jdoe ?? '', 'Content-Type': type };
    const answer = await raw('PUT', `${at.alone}/vm/${fixture.names.mine}`, headers, body);
    expect(answer.status).toBe(type.includes('charset') ? 415 : 400);
    expect(answer.headers['x-slipway-reason']).toContain(reason);
    expect(JSON.parse(answer.body.toString())).toEqual(
      told ? { ok: false, message: expect.stringContaining(reason) } : { ok: false },
    );
  });

  it('to a name and password that are no text says so, and makes no token', async () => {
    const login = Buffer.from('caf\xe9:secret', 'latin1').toString('base64');
    const answer = await raw('POST', `${at.alone}/token`, { Authorization: `Basic ${login}` });
    expect([answer.status, answer.headers['x-slipway-reason']]).toEqual([400, 'Authorization: is not UTF-8.']);
  });

  it('to a query that is no text says which value', async () => {
    const answer = await raw('GET', `${at.alone}/poolstat?pool=%ff`);
    expect([answer.status, answer.headers['x-slipway-reason']]).toEqual([400, 'pool: is not UTF-8.']);
    expect(JSON.parse(answer.body.toString())).toEqual({ ok: false, message: 'pool: is not UTF-8.' });
  });

  it('to a body without end is 413, and to a compressed one that is none 400', async () => {
    const large = await raw('POST', `${at.alone}/vm`, {}, 'x'.repeat(5 * 1024 * 1024));
    expect([large.status, JSON.parse(large.body.toString()).ok]).toEqual([413, false]);
    const none = await raw('POST', `${at.alone}/vm`, { 'Content-Encoding': 'gzip' }, 'none');
    expect([none.status, JSON.parse(none.body.toString()).ok]).toEqual([400, false]);
  });
});

describe('on a port of its own', () => {
  it.each(['/vm', '/api/v1/vm', '/api/v2/vm', '/vm/'])('%s answers', async (path) => {
    const { status, body } = await raw('GET', `${at.alone}${path}`);
    expect({ status, pools: JSON.parse(body.toString()).length }).toEqual({ status: 200, pools: 3 });
  });

  it('has no other dialect', async () => {
    for (const path of ['/vmpooler/api/v1/vm', '/node', '/api/v1/node', '/api/v3/vm'])
      expect((await raw('GET', `${at.alone}${path}`)).status, path).toBe(404);
  });

  it('takes a checkout and gives full names in the second version', async () => {
    const { body } = await raw('POST', `${at.alone}/api/v2/vm/debian-7-i386`);
    expect(JSON.parse(body.toString())['debian-7-i386'].hostname).toMatch(/^\w{15}\.company\.com$/);
  });
});

/** As its captured requests are (vmpooler-facts.md §3.2): all paths relative to a URL that may have no prefix. */
describe("the command line client's requests", () => {
  const FORM = { 'Content-Type': 'application/x-www-form-urlencoded', 'User-Agent': 'Faraday v1.1.0', Accept: '*/*' };
  const floaty = async (method: string, path: string, { token = true, body = '', login = '' } = {}) => {
    const headers = {
      ...FORM,
      'Accept-Encoding': 'gzip;q=1.0,deflate;q=0.6,identity;q=0.3',
      ...(method === 'GET' || method === 'DELETE' ? {} : { 'Content-Length': String(body.length) }),
      ...(token ? { 'X-Auth-Token': fixture.names.jdoe ?? '' } : {}),
      ...(login === '' ? {} : { Authorization: `Basic ${btoa(login)}` }),
    };
    const answer = await raw(method, `${at.alone}/${path}`, headers, body);
    return { status: answer.status, body: JSON.parse(gunzipSync(answer.body).toString()) };
  };

  it('list, and list --active: each VM by exactly the name that the token says', async () => {
    expect((await floaty('GET', 'vm', { token: false })).body).toContain('debian-7-i386');
    const { jdoe = '' } = fixture.names;
    const { running } = (await floaty('GET', `token/${jdoe}`, { token: false })).body[jdoe].vms;
    expect(running).toContain(fixture.names.mine);
    for (const host of running) {
      const { status, body } = await floaty('GET', `vm/${host}`, { token: false });
      expect(status).toBe(200);
      expect(body[host]).toMatchObject({
        template: 'debian-7-i386',
        lifetime: 24,
        state: 'running',
        domain: 'company.com',
      });
    }
  });

  it('get, modify, query, snapshot and delete', async () => {
    const got = await floaty('POST', 'vm/debian-7-i386+debian-7-i386');
    expect(Object.keys(got.body)).toEqual(['ok', 'debian-7-i386', 'domain']);
    const [host] = got.body['debian-7-i386'].hostname;
    const tags = { project: 'x' };
    const modified = await floaty('PUT', `vm/${host}`, { body: JSON.stringify({ lifetime: 5, tags }) });
    expect(modified).toEqual({ status: 200, body: { ok: true } });
    expect((await floaty('PUT', `vm/${host}`, { body: '{"disk":8}' })).body).toEqual({ ok: true });
    expect((await floaty('GET', `vm/${host}`, { token: false })).body[host]).toMatchObject({ lifetime: 5, tags });
    expect(await floaty('DELETE', `vm/${host}`)).toEqual({ status: 200, body: { ok: true } });
    expect((await floaty('DELETE', `vm/${host}`)).status).toBe(404);
    expect((await floaty('POST', `vm/${fixture.names.mine}/snapshot`)).body[fixture.names.mine ?? ''].snapshot).toMatch(
      /^\w{32}$/,
    );
    expect((await floaty('POST', `vm/${fixture.names.mine}/snapshot/${fixture.names.snapshot}`)).status).toBe(202);
  });

  it('get --ondemand', async () => {
    const { status, body } = await floaty('POST', 'ondemandvm/debian-7-i386');
    expect(status).toBe(201);
    expect((await floaty('GET', `ondemandvm/${body.request_id}`, { token: false })).status).toBe(202);
  });

  it('token get, status and delete', async () => {
    const login = { token: false, login: 'somebody:secret' };
    const { token } = (await floaty('POST', 'token', login)).body;
    expect((await floaty('GET', `token/${token}`, { token: false })).body[token].user).toBe('somebody');
    expect((await floaty('DELETE', `token/${token}`, login)).body).toEqual({ ok: true });
    expect((await floaty('GET', `token/${token}`, { token: false })).status).toBe(404);
  });
});

it('logs who asked, and no token', async () => {
  await raw('POST', `${at.alone}/vm/debian-7-x86_64`, { 'X-AUTH-TOKEN': fixture.names.asmith ?? '' });
  await new Promise((resolve) => setImmediate(resolve));
  expect(at.logged()).toContain('"account":"asmith"');
  expect(at.logged()).not.toContain(fixture.names.asmith);
});

it('has the OpenAPI document that was reviewed', async () => {
  const document = `${JSON.stringify(openApiDocument(at.dialect, '1.0.3'), null, 1)}\n`;
  await expect(document).toMatchFileSnapshot(join(import.meta.dirname, '../../golden/vmpooler.openapi.json'));
});
