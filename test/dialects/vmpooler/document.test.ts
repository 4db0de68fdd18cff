import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Example, examples, shapeOf } from './document.ts';
import { type Fixture, makeFixture, type Pooler, pooler } from './world.ts';

const run = promisify(execFile);
const EXAMPLES = examples();

let fixture: Fixture;
let at: Pooler;
beforeAll(async () => {
  fixture = await makeFixture();
});
afterAll(() => fixture.remove());
beforeEach(async () => {
  at = await pooler(fixture);
});
afterEach(() => at.close());

/** What stands in the document for tokens, VMs and snapshots, and what there is here. */
const HERE = {
  utpg2i2xswor6h8ttjhu3d47z53yy47y: 'jdoe',
  a9znth9dn01t416hrguu56ze37t790bl: 'jdoe',
  fq6qlpjlsskycq6: 'mine',
  pxpmtoonx7fiqg6: 'tagged',
  n4eb4kdtp7rwv4x158366vd9jhac8btq: 'snapshot',
} as const;
const here = (text: string): string =>
  Object.entries(HERE).reduce((all, [there, name]) => all.replaceAll(there, fixture.names[name] ?? there), text);

/** The line as it stands, but for names, a host on loopback, the password that curl asks for, and a token where one is needed. */
const lineHere = (line: string): string =>
  here(line)
    .replace('vmpooler.company.com', new URL(at.alone).host)
    .replace('-u jdoe', '-u jdoe:secret')
    // A slip of the document: without the hyphen, X and POST are host names.
    .replace('curl X POST', 'curl -X POST')
    .replace(/-X (PUT|DELETE) (?!-u)/, `-X $1 -H X-AUTH-TOKEN:${fixture.names.jdoe} `)
    .replace(/^curl /, "curl -s -S -w '\\n%{http_code}' ");

const title = ({ line }: Example): string => line.replace('vmpooler.company.com', '');
const isCheckout = ({ line }: Example): boolean => /-d .*\/vm/.test(line) && !line.includes('PUT');

it('has all of the document', () => {
  expect(EXAMPLES).toHaveLength(18);
});

it.each(EXAMPLES.map((one) => [title(one), one] as const))('%s', async (_title, example) => {
  const { stdout } = await run('bash', ['-c', lineHere(example.line)]);
  const [, text = '', status] = /^(.*)\n(\d+)$/s.exec(stdout) ?? [];
  expect(Number(status), text).toBe(example.line.includes('POST') && example.line.includes('/snapshot') ? 202 : 200);
  const documented = JSON.parse(here(JSON.stringify(example.answer)));
  const answered = JSON.parse(text);
  expect(shapeOf(answered)).toMatchObject(shapeOf(documented) as object);
  // A client takes every other key of a checkout for an operating system.
  if (isCheckout(example)) expect(Object.keys(answered)).toEqual(Object.keys(documented));
});
