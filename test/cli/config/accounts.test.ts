import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig } from '../../../cli/config/load.ts';
import { masked } from '../../../cli/config/show.ts';
import { ldapSettings, openAccounts } from '../../../cli/process/accounts.ts';
import type { Settings } from '../../../cli/process/settings.ts';
import { scratch } from '../../store/scratch.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-config-'));
  writeFileSync(join(dir, 'ca.pem'), '-----BEGIN CERTIFICATE-----\n');
  writeFileSync(join(dir, 'empty.pem'), 'nothing\n');
});
afterAll(() => rmSync(dir, { recursive: true }));

const LDAP = { host: 'ldap.example.org', base: 'ou=people,dc=example,dc=org' };
const SERVICE = { bind_dn: 'cn=reader', bind_password: 'reader-secret' };
const config = (accounts: object) => parseConfig('slipway.yaml', stringify({ accounts }));
const settings = (ldap: object) => ldapSettings(config({ provider: 'ldap', ldap: { ...LDAP, ...ldap } }).accounts);

it.each<[string, object, object]>([
  [
    'what is left out',
    {},
    {
      ...{
        port: 389,
        encryption: 'start_tls',
        ca: null,
        connectMs: 5000,
        answerMs: 10_000,
        service: null,
        filter: null,
      },
      ...{ bases: [LDAP.base], userObjects: ['uid'] },
    },
  ],
  [
    'lists',
    { base: ['a=1', 'b=2'], user_object: ['uid', 'cn'] },
    { bases: ['a=1', 'b=2'], userObjects: ['uid', 'cn'] },
  ],
  ['the port of ldaps', { encryption: 'ldaps' }, { port: 636 }],
  ['a port of its own', { encryption: 'ldaps', port: 6636 }, { port: 6636 }],
  [
    'a service account',
    { ...SERVICE, filter: '(a=b)' },
    { service: { dn: 'cn=reader', password: 'reader-secret' }, filter: '(a=b)' },
  ],
  ['times', { connect_timeout: 0.5, answer_timeout: '2' }, { connectMs: 500, answerMs: 2000 }],
])('understands %s', (_, ldap, expected) => {
  expect(settings(ldap)).toMatchObject(expected);
});

it.each<[object, RegExp]>([
  [{ provider: 'kerberos' }, /accounts\.provider: /],
  [{ provider: 'ldap' }, /accounts\.ldap: is needed when accounts\.provider is ldap/],
  [{ admins: 'boss' }, /accounts\.admins: /],
  [{ admin: [] }, /accounts\.admin: there is no such setting/],
  [{ ldap: { base: 'x' } }, /accounts\.ldap\.host: /],
  [{ ldap: { host: 'x' } }, /accounts\.ldap\.base: must be a text, or a list/],
  [{ ldap: { ...LDAP, base: [] } }, /accounts\.ldap\.base: /],
  [{ ldap: { ...LDAP, user_object: 'uid=x' } }, /accounts\.ldap\.user_object.*: /],
  [{ ldap: { ...LDAP, port: 0 } }, /accounts\.ldap\.port: /],
  [{ ldap: { ...LDAP, encryption: 'tls' } }, /accounts\.ldap\.encryption: /],
  [{ ldap: { ...LDAP, bind_dn: 'cn=x' } }, /accounts\.ldap\.bind_password: is needed with bind_dn/],
  [{ ldap: { ...LDAP, bind_password: 'x' } }, /accounts\.ldap\.bind_dn: is needed with bind_password/],
  [{ ldap: { ...LDAP, filter: '(a=b)' } }, /accounts\.ldap\.bind_dn: is needed with filter/],
  [{ ldap: { ...LDAP, encryption: 'none', ca_file: 'x' } }, /accounts\.ldap\.ca_file: means nothing/],
  [{ ldap: { ...LDAP, answer_timeout: 0 } }, /accounts\.ldap\.answer_timeout: /],
])('refuses %j, naming the key', (accounts, why) => {
  expect(() => config(accounts)).toThrow(why);
});

it('names the key of a file and of a filter that are none', () => {
  expect(settings({ ca_file: join(dir, 'ca.pem') })?.ca).toContain('BEGIN CERTIFICATE');
  expect(() => settings({ ca_file: join(dir, 'no.pem') })).toThrow(/accounts\.ldap\.ca_file: cannot be read/);
  expect(() => settings({ ca_file: join(dir, 'empty.pem') })).toThrow(/accounts\.ldap\.ca_file: .*no certificate/);
  expect(() => settings({ ...SERVICE, filter: '(a' })).toThrow(/accounts\.ldap\.filter: is no LDAP filter/);
});

it('shows no password', () => {
  const shown = JSON.stringify(masked(config({ ldap: { ...LDAP, ...SERVICE } })));
  expect(shown).toContain('cn=reader');
  expect(shown).not.toContain('reader-secret');
});

it('opens each store, and the dummy only where somebody asked for debugging', async () => {
  const { open, close } = scratch();
  const store = open();
  const warned: string[] = [];
  const log = { warn: (text: string) => void warned.push(text) };
  const opened = (accounts: object, debug = false) =>
    openAccounts({ config: config(accounts), debug, log } as unknown as Settings, store);
  expect(opened({})).toBeNull();
  expect(opened({ provider: 'users' })).not.toBeNull();
  expect(opened({ provider: 'ldap', ldap: LDAP })).not.toBeNull();
  expect(() => opened({ provider: 'dummy' })).toThrow(/accounts\.provider: .*debug/);
  expect(warned).toEqual([]);
  expect(opened({ provider: 'dummy' }, true)).not.toBeNull();
  expect(warned).toEqual([expect.stringContaining('anybody may log in')]);
  expect(opened({ provider: 'ldap', ldap: { ...LDAP, encryption: 'none' } })).not.toBeNull();
  expect(warned.at(-1)).toContain('in the clear');
  await close();
});
