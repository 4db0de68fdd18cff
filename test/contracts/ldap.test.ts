import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LdapSettings, ldap } from '../../api/accounts/ldap.ts';
import { BASE, type LabDirectory, labDirectory, SERVICE } from './directory.ts';
import { absentOf } from './missing.ts';

const skip = absentOf(['slapd', 'openssl']);
const NO_ABORT = new AbortController().signal;

describe.skipIf(skip)(`LDAP, against slapd${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let lab: LabDirectory;
  beforeAll(async () => {
    lab = await labDirectory();
  });
  afterAll(() => lab.close());

  const ask = (user: string, password: string, change?: Partial<LdapSettings>) =>
    ldap(lab.settings(change)).authenticate(user, password, NO_ABORT);
  const yes = (user: string) => ({ user, admin: false });

  const BOTH = { bases: [`ou=staff,${BASE}`, `ou=people,${BASE}`] };
  const SEARCH = { bases: [BASE], service: SERVICE };
  it.each<[string, string, string, Partial<LdapSettings>, boolean]>([
    ['the right password', 'jdoe', 'jdoe-secret', {}, true],
    ['over ldaps', 'jdoe', 'jdoe-secret', { encryption: 'ldaps' }, true],
    ['in the clear', 'jdoe', 'jdoe-secret', { encryption: 'none', ca: null }, true],
    ['a wrong password', 'jdoe', 'wrong', {}, false],
    ['no password', 'jdoe', '', {}, false],
    ['no password, of nobody', 'nobody', '', {}, false],
    ['somebody unknown', 'nobody', 'jdoe-secret', {}, false],
    ['somebody without a password', 'vacant', 'x', {}, false],
    ['another base', 'boss', 'boss-secret', {}, false],
    ['the first of two bases', 'boss', 'boss-secret', BOTH, true],
    ['the second of two bases', 'jdoe', 'jdoe-secret', BOTH, true],
    [
      'the second of two attributes, and bases',
      'jane roe',
      'jroe-secret',
      { ...BOTH, userObjects: ['uid', 'cn'] },
      true,
    ],
    ['a name that needs escaping', 'strange, name+', 'strange-secret', {}, true],
    ['a search by another attribute', 'jane@example.org', 'jroe-secret', { ...SEARCH, userObjects: ['mail'] }, true],
    ['a search below several bases', 'boss', 'boss-secret', { ...BOTH, service: SERVICE }, true],
    ['a search, a wrong password', 'jroe', 'wrong', SEARCH, false],
    ['a search, no password', 'jroe', '', SEARCH, false],
    ['a search for nobody', 'nobody', 'x', SEARCH, false],
    ['a search that a filter lets through', 'jroe', 'jroe-secret', { ...SEARCH, filter: '(mail=*)' }, true],
    ['a search that a filter stops', 'jdoe', 'jdoe-secret', { ...SEARCH, filter: '(mail=*)' }, false],
    ['a twin that a filter tells apart', 'twin', 'twin-secret', { ...SEARCH, filter: 'cn=twin two' }, true],
  ])('%s', async (_, user, password, change, accepted) => {
    expect(await ask(user, password, change)).toEqual(accepted ? yes(user) : null);
  });

  // Each of these would let somebody in if it reached the name or the filter as it is.
  it.each<[string, string, Partial<LdapSettings>]>([
    ['jdoe,ou=people', 'jdoe-secret', { bases: [BASE] }],
    ['x+uid=jdoe', 'jdoe-secret', {}],
    ['jdoe\\', 'jdoe-secret', {}],
    ['\\6adoe', 'jdoe-secret', {}],
    [`jdoe,ou=people,${BASE}\0`, 'jdoe-secret', {}],
    ['*', 'jdoe-secret', SEARCH],
    ['jd*', 'jdoe-secret', SEARCH],
    ['jdoe)(uid=*', 'jdoe-secret', SEARCH],
    ['nobody)(|(uid=jdoe', 'jdoe-secret', SEARCH],
    ['\\6adoe', 'jdoe-secret', SEARCH],
  ])('is not talked into anything by the name %j', async (user, password, change) => {
    expect(await ask(user, password, change)).toBeNull();
  });

  it('takes no password for a proof where several have the name', async () => {
    const asked = ask('twin', 'twin-secret', SEARCH);
    await expect(asked).rejects.toMatchObject({ fault: { kind: 'conflict', why: expect.stringContaining('twin') } });
  });

  const UNAVAILABLE = { fault: { kind: 'unavailable' } };
  it.each<[string, () => Partial<LdapSettings>, RegExp]>([
    ['an authority that does not vouch for it', () => ({ ca: lab.otherCa }), /certificate/],
    ['the same over ldaps', () => ({ ca: lab.otherCa, encryption: 'ldaps' }), /certificate/],
    ['no authority named', () => ({ ca: null }), /certificate/],
    ['a host that its certificate does not name', () => ({ host: 'localhost' }), /altnames/],
    ['a port where nobody listens', () => ({ port: 1 }), /ECONNREFUSED/],
    ['TLS spoken to its plain port', () => ({ encryption: 'ldaps', port: lab.port }), /./],
    ['an attribute that it does not know', () => ({ userObjects: ['nonsense'] }), /invalid DN/i],
    ['a service account that it refuses', () => ({ service: { ...SERVICE, password: 'wrong' } }), /bind_dn/],
  ])("says 'unavailable' for %s", async (_, change, why) => {
    const error = await ask('jdoe', 'jdoe-secret', change()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(UNAVAILABLE);
    expect(String((error as Error).cause)).toMatch(why);
    expect(JSON.stringify(error) + String((error as Error).cause)).not.toContain('secret');
  });

  it("says 'unavailable' while it is down", async () => {
    const other = await labDirectory();
    try {
      const store = ldap(other.settings());
      expect(await store.authenticate('jdoe', 'jdoe-secret', NO_ABORT)).toEqual(yes('jdoe'));
      await other.stop();
      await expect(store.authenticate('jdoe', 'jdoe-secret', NO_ABORT)).rejects.toMatchObject(UNAVAILABLE);
    } finally {
      await other.close();
    }
  });
});

/** An answer with a result code to the request in these bytes: 0x78 to START_TLS, 0x61 to a bind. */
const answerTo = (request: Buffer, kind: 0x78 | 0x61, code: number): Buffer =>
  Buffer.from([0x30, 12, 2, 1, request[4] ?? 0, kind, 7, 10, 1, code, 4, 0, 4, 0]);
const STARTED = [0x78, 0] as const;
const PROTOCOL_ERROR = [0x78, 2] as const;
const INVALID_CREDENTIALS = [0x61, 49] as const;

describe.skipIf(skip)(`a directory that somebody is in front of${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let lab: LabDirectory;
  let server: Server;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    lab = await labDirectory();
  });
  afterAll(() => lab.close());
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Asks somebody who answers the first words of each connection like this. */
  async function ask(talk: (socket: Socket) => void, change: Partial<LdapSettings> = {}, signal = NO_ABORT) {
    server = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
      talk(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    return ldap(lab.settings({ port, ...change })).authenticate('jdoe', 'jdoe-secret', signal);
  }
  const encrypted = (socket: Socket): TLSSocket =>
    new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(lab.certificate) }).on(
      'error',
      () => undefined,
    );
  const refusing = (tls: TLSSocket): void =>
    void tls.on('data', (request: Buffer) => tls.write(answerTo(request, ...INVALID_CREDENTIALS)));

  it('is believed when it refuses', async () => {
    const answer = ask((socket) =>
      socket.once('data', (request: Buffer) =>
        socket.write(answerTo(request, ...STARTED), () => refusing(encrypted(socket))),
      ),
    );
    expect(await answer).toBeNull();
  });

  it('cannot put an answer in front of the encryption', async () => {
    // Says success to the bind to come, and swallows the real refusal as its diagnostic message.
    const success = (request: Buffer) =>
      Buffer.from([0x30, 26, 2, 1, (request[4] ?? 0) + 1, 0x61, 21, 10, 1, 0, 4, 0, 4, 14]);
    const answer = ask((socket) =>
      socket.once('data', (request: Buffer) =>
        socket.write(Buffer.concat([answerTo(request, ...STARTED), success(request)]), () =>
          refusing(encrypted(socket)),
        ),
      ),
    );
    const error = await answer.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ fault: { kind: 'unavailable' } });
    expect(String((error as Error).cause)).toContain('before it was encrypted');
  });

  it('is never told a password without encryption, also when it hangs up after START_TLS', async () => {
    const heard: Buffer[] = [];
    const answer = ask((socket) => {
      socket.on('data', (data: Buffer) => heard.push(data));
      socket.once('data', (request: Buffer) =>
        socket.write(answerTo(request, ...STARTED), () => encrypted(socket).once('secure', () => socket.destroy())),
      );
    });
    await expect(answer).rejects.toMatchObject({ fault: { kind: 'unavailable' } });
    expect(heard.length).toBeGreaterThan(0);
    expect(Buffer.concat(heard).includes('jdoe-secret')).toBe(false);
  });

  it('is told no password when it does not want to encrypt', async () => {
    const heard: Buffer[] = [];
    const answer = ask((socket) =>
      socket.on('data', (data: Buffer) => {
        heard.push(data);
        socket.write(answerTo(data, ...PROTOCOL_ERROR));
      }),
    );
    await expect(answer).rejects.toMatchObject({ fault: { kind: 'unavailable' } });
    expect(heard.length).toBe(1);
    expect(Buffer.concat(heard).includes('jdoe-secret')).toBe(false);
  });

  const SILENT = [
    ['never', () => undefined],
    [
      'to START_TLS but not to the handshake',
      (socket: Socket) => socket.once('data', (request: Buffer) => socket.write(answerTo(request, ...STARTED))),
    ],
  ] as const;
  it.each(SILENT)('is waited for no longer than asked when it answers %s', async (_, talk) => {
    const began = performance.now();
    const answer = ask(talk, { connectMs: 300, answerMs: 300 });
    await expect(answer).rejects.toMatchObject({ fault: { kind: 'unavailable' } });
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('is not waited for when nobody wants to know any more', async () => {
    const gone = new AbortController();
    const answer = ask((socket) => socket.once('data', () => gone.abort()), {}, gone.signal);
    await expect(answer).rejects.toMatchObject({ fault: { kind: 'unavailable' } });
  });
});
