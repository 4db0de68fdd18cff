import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { Client, type Filter, ResultCodeError } from 'ldapts';
import { DomainError, unavailable } from '../../domain/fault.ts';

export type Encryption = 'start_tls' | 'ldaps' | 'none';

/** Where a directory is, and how it is spoken to. */
export interface LdapServer {
  readonly host: string;
  readonly port: number;
  readonly encryption: Encryption;
  /** PEM of the authorities that may vouch for it; null: those that Node.js knows. */
  readonly ca: string | null;
  /** How long connecting may take, encryption included, and how long each answer. */
  readonly connectMs: number;
  readonly answerMs: number;
}

/** What is asked of a directory over one connection. */
export interface Directory {
  /** Whether it takes this name and password. The password must not be empty: a directory takes that from anybody. */
  bind(dn: string, password: string): Promise<boolean>;
  /** Names of the entries below a base that a filter matches; two at most, since more make no difference. */
  find(base: string, filter: Filter): Promise<readonly string[]>;
}

/** Result codes (RFC 4511) that say: not with this password, or not this person. */
const REFUSED = new Set([
  19, // constraintViolation: too many wrong passwords (389 Directory Server)
  32, // noSuchObject
  48, // inappropriateAuthentication: has no password
  49, // invalidCredentials
  50, // insufficientAccessRights
  53, // unwillingToPerform: account is locked (389 Directory Server)
]);
const NO_SUCH_OBJECT = 32;

/** Runs `work` over a connection of its own, which ends with it; 'unavailable' for whatever keeps the directory from answering. */
export async function connected<T>(
  server: LdapServer,
  signal: AbortSignal,
  work: (directory: Directory) => Promise<T>,
): Promise<T> {
  const wire = wireTo(server);
  const client = new Client({
    // Host and port are the wire's: an address in a URL would need brackets.
    url: `${server.encryption === 'ldaps' ? 'ldaps' : 'ldap'}://directory`,
    timeout: server.answerMs,
    connectTimeout: server.connectMs,
    createConnection: wire.open as typeof connect,
    createSecureConnection: wire.secure as typeof connectTls,
  });
  // The client bounds connecting and answers, but not the time that encrypting takes.
  const encrypting = setTimeout(() => wire.fail('it did not answer in time'), server.connectMs);
  const abort = (): void => wire.fail('nobody waits for its answer any more');
  signal.addEventListener('abort', abort);
  try {
    if (signal.aborted) abort();
    return await Promise.race([wire.failed, begin(server, client, encrypting).then(() => work(directoryOf(client)))]);
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw unavailable('The directory of accounts cannot be asked now.', error);
  } finally {
    clearTimeout(encrypting);
    signal.removeEventListener('abort', abort);
    wire.close();
  }
}

async function begin({ encryption }: LdapServer, client: Client, encrypting: NodeJS.Timeout): Promise<void> {
  if (encryption === 'start_tls') await client.startTLS();
  clearTimeout(encrypting);
}

const directoryOf = (client: Client): Directory => ({
  bind: async (dn, password) => {
    try {
      await client.bind(dn, password);
      return true;
    } catch (error) {
      if (error instanceof ResultCodeError && REFUSED.has(error.code)) return false;
      throw error;
    }
  },
  find: async (base, filter) => {
    try {
      const { searchEntries } = await client.search(base, { scope: 'sub', filter, sizeLimit: 2, attributes: ['1.1'] });
      return searchEntries.map(({ dn }) => dn);
    } catch (error) {
      if (error instanceof ResultCodeError && error.code === NO_SUCH_OBJECT) return [];
      throw error;
    }
  },
});

/** The one connection that a client gets. */
interface Wire {
  open(): Socket;
  secure(...given: readonly unknown[]): TLSSocket;
  /** Rejects when the connection ends, whoever ends it. */
  readonly failed: Promise<never>;
  fail(why: string): void;
  close(): void;
}

/**
 * The client would reconnect by itself, and then send a password over a connection that is not encrypted yet: so there is
 * no second one. What came before the encryption is one answer and no byte more: the client would read the rest as if it
 * had come through it.
 */
function wireTo(server: LdapServer): Wire {
  let raw: Socket | undefined;
  const clear: Buffer[] = [];
  const options: ConnectionOptions = {
    host: server.host,
    ...(isIP(server.host) ? {} : { servername: server.host }),
    ...(server.ca === null ? {} : { ca: server.ca }),
  };
  const { promise: failed, reject } = Promise.withResolvers<never>();
  // Nobody may be racing against it when it happens.
  failed.catch(() => undefined);

  const keep = <S extends Socket>(socket: S): S => {
    if (raw !== undefined) throw new Error('the directory ended the connection');
    raw = socket;
    socket.once('close', () => reject(new Error('the directory ended the connection')));
    return socket;
  };
  const wire: Wire = {
    open: () => keep(connect(server.port, server.host)).on('data', (data: Buffer) => void clear.push(data)),
    secure: () => {
      if (server.encryption === 'ldaps') return keep(connectTls({ ...options, port: server.port }));
      if (raw === undefined || !isOneMessage(Buffer.concat(clear))) {
        throw new Error('somebody put words into the connection before it was encrypted');
      }
      return connectTls({ ...options, socket: raw.removeAllListeners('data') });
    },
    failed,
    fail: (why) => {
      reject(new Error(why));
      wire.close();
    },
    close: () => void raw?.destroy(),
  };
  return wire;
}

const SEQUENCE = 0x30;

/** Whether these bytes are exactly one BER sequence, as an LDAP message is. */
export function isOneMessage(bytes: Buffer): boolean {
  const [tag, first = 0] = bytes;
  if (tag !== SEQUENCE) return false;
  if (first < 0x80) return bytes.length === 2 + first;
  const size = first & 0x7f;
  if (size === 0 || size > 4 || bytes.length < 2 + size) return false;
  return bytes.length === 2 + size + bytes.readUIntBE(2, size);
}
