import { afterAll, beforeAll, expect, it } from 'vitest';
import { BODY_LIMIT_BYTES } from '../../../api/http/body-limit.ts';
import { type Served, served, TOKEN } from '../../dialects/served.ts';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

let at: Served;
let precise: Served;
beforeAll(async () => {
  at = await served();
  precise = await served({ failureStatus: 'precise' });
});
afterAll(async () => {
  await at.close();
  await precise.close();
});

const post = async (body: BodyInit, type?: string) => {
  const headers = { 'X-Api-Key': TOKEN, ...(type === undefined ? {} : { 'Content-Type': type }) };
  const response = await fetch(`${at.origin}/api/v1/provisioner/script`, { method: 'POST', headers, body });
  return { status: response.status, body: (await response.json()) as { message: string } };
};

it.each([
  ['JSON that ends too soon', '{"name":', 'application/json', 510, 'body: is not valid JSON.'],
  ['a JSON list', '[]', 'application/json', 510, 'body: must be a JSON object.'],
  [
    'JSON of too many levels',
    `{"name":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
    'application/json',
    510,
    '100 levels',
  ],
  ['parts without their boundary', 'x', 'multipart/form-data; boundary=abc', 510, 'body: is not the form that'],
  ['parts of no boundary', 'x', 'multipart/form-data', 510, 'body: is not the form that'],
  ['a text', 'name=x', 'text/plain', 510, 'multipart/form-data'],
  ['too much', 'x'.repeat(BODY_LIMIT_BYTES + 1), 'application/json', 510, `larger than ${BODY_LIMIT_BYTES} bytes`],
])('%s is refused', async (_, text, type, status, why) => {
  const answer = await post(text, type);
  expect(answer).toEqual({ status, body: { message: expect.stringContaining(why) } });
});

it('reads JSON of a more particular type', async () => {
  expect((await post(JSON.stringify({ name: 'vnd', data: 'x' }), 'application/vnd.api+json')).status).toBe(200);
});

it('reads a file in a form as its text', async () => {
  const form = new FormData();
  form.append('name', 'sent');
  form.append('data', new Blob(['def install(**kwargs):\n    pass  # ünï\n']), 'script.py');
  expect(await post(form)).toMatchObject({ status: 200 });
  const answer = await fetch(`${at.origin}/api/v1/provisioner/script/sent`, { headers: { 'X-Api-Key': TOKEN } });
  expect(await answer.json()).toMatchObject([{ script: 'def install(**kwargs):\n    pass  # ünï\n' }]);
});

it.each([
  ['a text', '/provisioner/script', { 'Content-Type': 'text/plain' }, 'name=x', 415, 'multipart/form-data'],
  ['a body of no compression', '/provisioner/script', { 'Content-Encoding': 'nope' }, 'name=x', 415, 'be decoded'],
  ['a compressed body that is none', '/provisioner/script', { 'Content-Encoding': 'gzip' }, 'x', 400, 'be decoded'],
  ['too many values', '/provisioner/script', FORM, 'a&'.repeat(10_001), 400, 'More than 10000 values.'],
  ['a path of no text', '/vm/%ff/state', FORM, 'state=start', 400, 'The request cannot be decoded.'],
  ['a path of half an escape', '/vm/%/state', FORM, 'state=start', 400, 'The request cannot be decoded.'],
  ['a path that there is not', '/nope', FORM, '', 404, 'There is nothing at /api/v1/nope.'],
] as const)('%s is 510 as the manual has it, else what HTTP has', async (_, path, more, body, status, why) => {
  const ask = async ({ origin }: Served) => {
    const headers = { 'X-Api-Key': TOKEN, ...more };
    const response = await fetch(`${origin}/api/v1${path}`, { method: 'POST', headers, body });
    return { status: response.status, body: await response.json() };
  };
  const message = { message: expect.stringContaining(why) };
  expect(await ask(precise)).toEqual({ status, body: message });
  expect(await ask(at)).toEqual({ status: status === 404 ? 404 : 510, body: message });
});
