import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { LdapSettings } from '../../api/accounts/ldap.ts';

export const BASE = 'dc=example,dc=org';
export const SERVICE = { dn: `cn=reader,${BASE}`, password: 'reader-secret' };

/** A real slapd with its own certificate, on free ports of the loopback. */
export interface LabDirectory {
  readonly port: number;
  readonly tlsPort: number;
  /** PEM of who vouches for it, and of somebody who does not. */
  readonly ca: string;
  readonly otherCa: string;
  readonly certificate: { readonly cert: Buffer; readonly key: Buffer };
  /** Settings for it: encrypted by START_TLS, people named by uid. */
  settings(change?: Partial<LdapSettings>): LdapSettings;
  /** Ends the server. */
  stop(): Promise<void>;
  /** Ends the server and leaves nothing. */
  close(): Promise<void>;
}

/** People: jdoe and others with their names as passwords' beginnings; names that are hard to write; one who has no password. */
const ENTRIES = `
dn: ${BASE}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,${BASE}
objectClass: organizationalUnit
ou: people

dn: ou=staff,${BASE}
objectClass: organizationalUnit
ou: staff

dn: ${SERVICE.dn}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: ${SERVICE.password}

${person('uid=jdoe,ou=people', 'jdoe', 'John Doe', 'jdoe-secret')}
${person('uid=vacant,ou=people', 'vacant', 'Vera Cant', null)}
${person('uid=boss,ou=staff', 'boss', 'Big Boss', 'boss-secret')}
${person('uid=strange\\, name\\+,ou=people', 'strange, name+', 'Strange', 'strange-secret')}
${person('cn=Jane Roe,ou=people', 'jroe', 'Jane Roe', 'jroe-secret', 'jane@example.org')}
${person('uid=twin,ou=people', 'twin', 'Twin One', 'twin-secret')}
${person('cn=Twin Two,ou=people', 'twin', 'Twin Two', 'twin-secret')}
${person('cn=Twin Three,ou=people', 'twin', 'Twin Three', 'twin-secret')}
`;

function person(rdn: string, uid: string, cn: string, password: string | null, mail = ''): string {
  return [
    `dn: ${rdn},${BASE}`,
    ...['objectClass: inetOrgPerson', `uid: ${uid}`, `cn: ${cn}`, 'sn: Sn'],
    ...(password === null ? [] : [`userPassword: ${password}`]),
    ...(mail === '' ? [] : [`mail: ${mail}`]),
    '',
  ].join('\n');
}

/** `bind_anon_cred` takes a name without a password for an anonymous bind, as RFC 4513 has it and many servers do. */
const conf = (dir: string): string => `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${dir}/slapd.pid
allow bind_anon_cred bind_anon_dn
TLSCACertificateFile ${dir}/ca.pem
TLSCertificateFile ${dir}/server.pem
TLSCertificateKeyFile ${dir}/server.key
database mdb
suffix "${BASE}"
directory ${dir}/db
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${SERVICE.dn}" read by * none
`;

/** Starts it; resolves when it answers. */
export async function labDirectory(): Promise<LabDirectory> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-slapd-'));
  const [port, tlsPort] = await freePorts();
  makeCertificates(dir);
  mkdirSync(join(dir, 'db'));
  writeFileSync(join(dir, 'slapd.conf'), conf(dir));
  writeFileSync(join(dir, 'entries.ldif'), ENTRIES);
  execFileSync('/usr/sbin/slapadd', ['-f', join(dir, 'slapd.conf'), '-l', join(dir, 'entries.ldif')]);
  const urls = `ldap://127.0.0.1:${port}/ ldaps://127.0.0.1:${tlsPort}/`;
  // `-d` keeps it in the foreground.
  const argv = ['-f', join(dir, 'slapd.conf'), '-h', urls, '-d', 'conns'];
  const slapd = spawn('/usr/sbin/slapd', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(slapd, 'exit');
  const stop = async (): Promise<void> => {
    slapd.kill();
    await ended;
  };
  const close = async (): Promise<void> => {
    await stop();
    rmSync(dir, { recursive: true });
  };
  await started(slapd.stderr);
  const read = (name: string): Buffer => readFileSync(join(dir, name));
  return {
    ...{ port, tlsPort, stop, close },
    ca: read('ca.pem').toString(),
    otherCa: read('other.pem').toString(),
    certificate: { cert: read('server.pem'), key: read('server.key') },
    settings: (change) => ({
      ...{ host: '127.0.0.1', encryption: 'start_tls', ca: read('ca.pem').toString() },
      port: change?.encryption === 'ldaps' ? tlsPort : port,
      ...{ connectMs: 5000, answerMs: 5000, service: null, filter: null },
      ...{ bases: [`ou=people,${BASE}`], userObjects: ['uid'] },
      ...change,
    }),
  };
}

/** An authority, a certificate of 127.0.0.1 by it, and an authority that has nothing to do with it. */
function makeCertificates(dir: string): void {
  const openssl = (...argv: string[]): void => void execFileSync('openssl', argv, { cwd: dir, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Lab');
  openssl('req', '-x509', ...key, '-keyout', 'other.key', '-out', 'other.pem', '-subj', '/CN=Other');
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-addext', 'subjectAltName=IP:127.0.0.1'];
  openssl('req', '-x509', ...key, ...by, '-keyout', 'server.key', '-out', 'server.pem', '-subj', '/CN=slapd');
}

/** Two ports that nobody listens on. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()].map((server) => server.listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports as [number, number];
}

/** What slapd says when it has begun to listen at an address, with `-d conns`. */
const LISTENS = /added \d+r listener=0x/g;

/** Resolves when slapd listens at both of its addresses; what it says afterwards is read and dropped, since it waits to be read. */
const started = (stderr: Readable): Promise<void> =>
  new Promise((resolve, reject) => {
    let text = '';
    stderr.on('data', (part: Buffer) => {
      if (text.length < 100_000) text += part;
      if ((text.match(LISTENS) ?? []).length >= 2) resolve();
    });
    stderr.once('close', () => reject(new Error(`slapd did not start: ${text}`)));
  });
