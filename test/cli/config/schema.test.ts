import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseConfig } from '../../../cli/config/load.ts';

const config = (document: object) => parseConfig('slipway.yaml', stringify(document));

it.each([
  [{ api: { listen_port: '7380' } }, { api: { listen_port: 7380 } }],
  [{ api: { listen_port: 0, listen_address: '::' } }, { api: { listen_port: 0, listen_address: '::' } }],
  [{ api: { listen_address: 'api.example.org' } }, { api: { listen_address: 'api.example.org' } }],
  [{ base_images: { unused_days: '0.5' } }, { base_images: { unused_days: 0.5 } }],
  [{ creations: { wait_minutes: '30' } }, { creations: { wait_minutes: 30 } }],
  [{ debug: 'Yes' }, { debug: true }],
  [{ debug: '0' }, { debug: false }],
  [
    { vmpooler: null, node: null },
    { vmpooler: {}, node: { concurrent_creations: 4 } },
  ],
])('understands %j', (document, expected) => {
  expect(config(document)).toMatchObject(expected);
});

const NO_NUMBER = ['', null, [], true, 'many', '0x10', ' 7', {}];
const PORTS = [
  (value: unknown) => [{ api: { listen_port: value } }, 'api.listen_port'],
  (value: unknown) => [{ metadata: { listen_port: value } }, 'metadata.listen_port'],
  (value: unknown) => [{ vmpooler: { listen_port: value } }, 'vmpooler.listen_port'],
  (value: unknown) => [{ accounts: { ldap: { host: 'x', base: 'x', port: value } } }, 'accounts.ldap.port'],
] as const;
const NUMBERS = [
  (value: unknown) => [{ base_images: { unused_days: value } }, 'base_images.unused_days'],
  (value: unknown) => [{ creations: { wait_minutes: value } }, 'creations.wait_minutes'],
  (value: unknown) => [{ node: { concurrent_creations: value } }, 'node.concurrent_creations'],
  (value: unknown) => [
    { accounts: { ldap: { host: 'x', base: 'x', connect_timeout: value } } },
    'accounts.ldap.connect_timeout',
  ],
  (value: unknown) => [
    { accounts: { ldap: { host: 'x', base: 'x', answer_timeout: value } } },
    'accounts.ldap.answer_timeout',
  ],
] as const;
const ADDRESSES = [
  (value: unknown) => [{ api: { listen_address: value } }, 'api.listen_address'],
  (value: unknown) => [{ metadata: { listen_address: value } }, 'metadata.listen_address'],
  (value: unknown) => [{ vmpooler: { listen_address: value } }, 'vmpooler.listen_address'],
  (value: unknown) => [{ accounts: { ldap: { host: value, base: 'x' } } }, 'accounts.ldap.host'],
] as const;
const each = <Make extends (value: unknown) => unknown>(makers: readonly Make[], values: readonly unknown[]) =>
  makers.flatMap((make) => values.map((value) => make(value) as [object, string]));

it.each([
  ...each(PORTS, [...NO_NUMBER, 65_536, -1, 1.5]),
  ...each(NUMBERS, [...NO_NUMBER, 0, -1]),
  ...each(ADDRESSES, ['', null, true, 'not an address', '127.0.0.1:80', '999.1.1.1', '[::1]', 'http://x', 'a/b']),
])('refuses %j by the key %s', (document, key) => {
  expect(() => config(document)).toThrow(`slipway.yaml: ${key}: `);
});

it.each([[{ debug: 'maybe' }, 'debug'] as const, [{ api: { ssl: { enabled: 2 } } }, 'api.ssl.enabled'] as const])(
  'says for %j which words %s takes',
  (document, key) => {
    expect(() => config(document)).toThrow(`${key}: must be true or false (yes, no, on, off`);
  },
);

it('names both keys of tokens with the same text, and does not tell the text', () => {
  const token = (text: string) => ({ description: 'x', token: text });
  const tokens = [token('one-text'), token('another'), token('one-text')];
  const refusal = (): unknown => config({ api: { authentication: { tokens } } });
  expect(refusal).toThrow('api.authentication.tokens.2.token: is the same text as the token of tokens.0');
  expect(refusal).not.toThrow('one-text');
});

const TOKEN_KEYS = ['token', 'description', 'tenant'].map(
  (key) =>
    [
      `api.authentication.tokens.0.${key}`,
      (text: string) => ({ api: { authentication: { tokens: [{ token: 'x', [key]: text }] } } }),
    ] as const,
);

it.each([...TOKEN_KEYS, ['temporal.namespace', (text: string) => ({ temporal: { namespace: text } })] as const])(
  'refuses a control character in %s, without telling the text',
  (key, make) => {
    const refusal = (): unknown => config(make('secret\ntext'));
    expect(refusal).toThrow(`${key}: must have no line break`);
    expect(refusal).not.toThrow('secret');
    expect(() => config(make('Ünïcode text'))).not.toThrow();
  },
);

it('names what is wrong below pvc by its whole key', () => {
  const refusal = (): unknown =>
    config({ pvc: { debug: 'maybe', api: { listen_port: 'x', prot: 1 }, nope: 1 }, node: { name: '-' }, other: 1 });
  expect(refusal).toThrow(/pvc\.debug: .*\n {2}pvc\.api\.listen_port: .*\n {2}pvc\.api\.prot: there is no such/);
  expect(refusal).toThrow(
    /\n {2}node\.name: .*\n {2}pvc\.nope: there is no such setting\.\n {2}other: there is no such/,
  );
});

it('takes settings beside pvc, but none twice', () => {
  const pvc = { api: { listen_port: 7001 }, debug: true };
  expect(config({ pvc, node: { name: 'hv1' } })).toMatchObject({ api: { listen_port: 7001 }, node: { name: 'hv1' } });
  expect(() => config({ pvc, api: { listen_port: 7002 } })).toThrow('slipway.yaml: pvc.api: stands beside pvc, too');
});

it('has an example whose every value is the default', () => {
  const text = readFileSync(new URL('../../../slipway.example.yaml', import.meta.url), 'utf8');
  expect(config(parse(text))).toEqual(config({}));
});

it('waits for a guest for six seconds at the least', () => {
  expect(() => config({ creations: { wait_minutes: 0.05 } })).toThrow('creations.wait_minutes');
  expect(config({ creations: { wait_minutes: 0.1 } })).toMatchObject({ creations: { wait_minutes: 0.1 } });
});
