import { afterAll, beforeAll, expect, it } from 'vitest';
import { BODY_LIMIT_BYTES } from '../../../api/http/values.ts';
import { type Served, served, TOKEN } from '../../dialects/served.ts';

let at: Served;
beforeAll(async () => {
  at = await served();
});
afterAll(() => at.close());

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
  ['a text', 'name=x', 'text/plain', 415, 'multipart/form-data'],
  ['too much', 'x'.repeat(BODY_LIMIT_BYTES + 1), 'application/json', 413, `larger than ${BODY_LIMIT_BYTES} bytes`],
])('%s is refused', async (_, text, type, status, why) => {
  const answer = await post(text, type);
  expect(answer).toEqual({ status, body: { message: expect.stringContaining(why) } });
});

it('reads a file in a form as its text', async () => {
  const form = new FormData();
  form.append('name', 'sent');
  form.append('data', new Blob(['def install(**kwargs):\n    pass  # ünï\n']), 'script.py');
  expect(await post(form)).toMatchObject({ status: 200 });
  const answer = await fetch(`${at.origin}/api/v1/provisioner/script/sent`, { headers: { 'X-Api-Key': TOKEN } });
  expect(await answer.json()).toMatchObject([{ script: 'def install(**kwargs):\n    pass  # ünï\n' }]);
});
