import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Served, served, TOKEN } from '../../dialects/served.ts';

let manual: Served;
let precise: Served;
beforeAll(async () => {
  manual = await served();
  precise = await served({ failureStatus: 'precise' });
});
afterAll(async () => {
  await manual.close();
  await precise.close();
});

const URLENCODED = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const PARTS = 'multipart/form-data; boundary=xyz';

interface Sent {
  readonly query?: string;
  readonly type?: string;
  readonly body?: Buffer;
}

const send = async (at: Served, method: string, path: string, { query = '', type, body }: Sent) => {
  const headers = { 'X-Api-Key': TOKEN, ...(type !== undefined && { 'Content-Type': type }) };
  const url = `${at.origin}/api/v1/provisioner/userdata${path}${query}`;
  const response = await fetch(url, { method, headers, ...(body && { body: new Uint8Array(body) }) });
  return { status: response.status, body: (await response.json()) as unknown };
};

const escaped = (bytes: Buffer): string => bytes.toString('hex').replaceAll(/../g, '%$&');
const part = (bytes: Buffer, more = ''): Buffer =>
  Buffer.concat([
    Buffer.from(`--xyz\r\nContent-Disposition: form-data; name="data"${more}\r\n\r\n`),
    bytes,
    Buffer.from('\r\n--xyz--\r\n'),
  ]);

/** Every way to send bytes as the value of `data`. */
const BYTES: Readonly<Record<string, (bytes: Buffer) => Sent>> = {
  'a query': (bytes) => ({ query: `?data=${escaped(bytes)}` }),
  'a form': (bytes) => ({ type: URLENCODED, body: Buffer.from(`data=${escaped(bytes)}`) }),
  'a form of bare bytes': (bytes) => ({ type: URLENCODED, body: Buffer.concat([Buffer.from('data='), bytes]) }),
  'a form in parts': (bytes) => ({ type: PARTS, body: part(bytes) }),
  'a file in a form': (bytes) => ({ type: PARTS, body: part(bytes, '; filename="x"') }),
  JSON: (bytes) => ({ type: JSON_TYPE, body: Buffer.concat([Buffer.from('{"data":"'), bytes, Buffer.from('"}')]) }),
};

const NO_TEXT: Readonly<Record<string, Buffer>> = {
  'bytes of no character': Buffer.from('a\xff\xfeb', 'latin1'),
  'a text in Latin-1': Buffer.from('caf\xe9', 'latin1'),
  'a character cut short': Buffer.from('😀').subarray(0, 3),
  'half of a surrogate pair': Buffer.from('\xed\xa0\x80x', 'latin1'),
};

it.each(Object.keys(NO_TEXT).flatMap((what) => Object.keys(BYTES).map((way) => [what, way])))(
  'refuses %s in %s, naming the value, and stores nothing',
  async (what = '', way = '') => {
    const sent = BYTES[way]?.(NO_TEXT[what] ?? Buffer.alloc(0)) ?? {};
    const body = { message: expect.stringMatching(way === 'JSON' ? /^body: is not UTF-8/ : /^data: is not UTF-8/) };
    expect(await send(manual, 'POST', '/x', sent)).toEqual({ status: 510, body });
    expect(await send(precise, 'POST', '/x', sent)).toEqual({ status: 400, body });
    expect((await send(manual, 'GET', '/x', {})).body).toEqual({
      message: expect.stringContaining("No user-data 'x'"),
    });
  },
);

it.each([
  ['{"data":"\\ud800x"}', 'data'],
  ['{"data":"x\\udfff"}', 'data'],
  ['{"data":{"a":["\\uDC00"]}}', 'data.a.0'],
  ['{"a\\ud83d":1}', 'body'],
])('refuses half of a surrogate pair that JSON escapes: %s', async (text, field) => {
  const answer = await send(manual, 'POST', '/x', { type: JSON_TYPE, body: Buffer.from(text) });
  const message = `${field}: holds half of a surrogate pair, which is no character.`;
  expect(answer).toEqual({ status: 510, body: { message } });
});

it.each([
  [{ query: '?data=x&%ff=1' }, 'query'],
  [{ type: URLENCODED, body: Buffer.from('data=x&%ff=1') }, 'body'],
])('refuses a name of a value that is no text: %j', async (sent, field) => {
  const body = { message: `${field}: holds a name that is not UTF-8.` };
  expect(await send(manual, 'POST', '/x', sent)).toEqual({ status: 510, body });
});

it.each([
  [`${URLENCODED}; charset=iso-8859-1`, 'data=caf%e9'],
  [`${URLENCODED}; charset="ISO-8859-1"`, 'data=caf%C3%A9'],
  [`${JSON_TYPE};charset=utf-16`, '{"data":"é"}'],
])('refuses a body whose type is %s', async (type, text) => {
  const sent = { type, body: Buffer.from(text) };
  const body = {
    message: expect.stringMatching(/^The body must be UTF-8, and says that it is (iso-8859-1|utf-16)\.$/),
  };
  expect(await send(manual, 'POST', '/x', sent)).toEqual({ status: 510, body });
  expect(await send(precise, 'POST', '/x', sent)).toEqual({ status: 415, body });
});

it.each([
  [`${URLENCODED}; charset=ISO-8859-1`, 'data=a+b'],
  [`${JSON_TYPE};charset=windows-1252`, '{"data":"a b"}'],
])('takes what is the same in every charset, whatever clients call it: %s', async (type, text) => {
  expect((await send(manual, 'POST', '/ascii', { type, body: Buffer.from(text) })).status).toBe(200);
  expect((await send(manual, 'GET', '/ascii', {})).body).toMatchObject([{ userdata: 'a b' }]);
  await send(manual, 'DELETE', '/ascii', {});
});

it('refuses a part that is encoded in a way that forms have not', async () => {
  const body = part(Buffer.from('eGlz'), '\r\nContent-Transfer-Encoding: base64');
  const answer = await send(manual, 'POST', '/x', { type: PARTS, body });
  expect(answer).toEqual({
    status: 510,
    body: { message: expect.stringMatching(/^body: .*Content-Transfer-Encoding/) },
  });
});

/** A text that others read wrongly: of every length in UTF-8, combined, beyond 16 bits, with marks of byte order and a MIME part. */
const TEXT =
  'é e\u0301 ß ā 語 😀👩‍👩‍👧 \u{10ffff} \ufffd x\ufeffy 100% %zz %c3 a=b&c+d\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\n\ufeff';

it.each(['a query', 'a form', 'a form in parts', 'a file in a form'])('takes any text by %s as it is', async (way) => {
  const name = `/${encodeURIComponent(way.replaceAll(' ', '-'))}`;
  const sent = BYTES[way]?.(Buffer.from(TEXT)) ?? {};
  expect((await send(manual, 'POST', name, sent)).status).toBe(200);
  expect((await send(manual, 'GET', name, {})).body).toMatchObject([{ userdata: TEXT }]);
});

it.each([
  [JSON_TYPE, JSON.stringify({ data: TEXT })],
  [`${JSON_TYPE}; charset=UTF-8`, JSON.stringify({ data: TEXT })],
  [JSON_TYPE, `\ufeff${JSON.stringify({ data: TEXT })}`],
  [
    JSON_TYPE,
    JSON.stringify({ data: TEXT }).replaceAll(
      /[^ -~]/g,
      (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  ],
  [`${URLENCODED}; charset=us-ascii`, `${new URLSearchParams({ data: TEXT })}`],
  [URLENCODED, `\ufeff${new URLSearchParams({ data: TEXT })}`],
])('takes any text in a body of %s as it is: %s', async (type, text) => {
  await send(manual, 'DELETE', '/whole', {});
  expect((await send(manual, 'POST', '/whole', { type, body: Buffer.from(text) })).status).toBe(200);
  expect((await send(manual, 'GET', '/whole', {})).body).toMatchObject([{ userdata: TEXT }]);
});

it('reads a form of bare bytes, and percent signs that escape nothing', async () => {
  const sent = { type: URLENCODED, body: Buffer.from('data=100% é %zz+%C3%A9%u0041%U0041%c3%a9%2') };
  expect((await send(manual, 'POST', '/bare', sent)).status).toBe(200);
  expect((await send(manual, 'GET', '/bare', {})).body).toMatchObject([{ userdata: '100% é %zz é%u0041%U0041é%2' }]);
});
