import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { METADATA_ENCODING_KEY, type Payload, type PayloadCodec, type SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';
import { isReadable } from '../../domain/queues.ts';
import { giveToOwner } from '../instance/owner.ts';

// CommonJS whose names Node cannot see.
const { temporal } = proto;

/** AES-256-GCM; the key's id is the beginning of its SHA-256. */
export interface PayloadKey {
  readonly id: string;
  readonly key: Buffer;
}

const ENCODING = 'binary/encrypted';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The key of a data directory: made at first, readable by the directory's owner alone. All processes of one installation share it. */
export async function loadKey(dataDir: string): Promise<PayloadKey> {
  const file = join(dataDir, 'payload.key');
  const found = await readFile(file, 'utf8').catch(() => null);
  const text = found ?? (await makeKey(file));
  const key = Buffer.from(text.trim(), 'hex');
  if (key.length !== 32) throw new Error(`${file} is no key: it must hold 64 hexadecimal digits`);
  return { id: createHash('sha256').update(key).digest('hex').slice(0, 16), key };
}

/** Two processes that start together end up with the same key: a link succeeds once, and only to a complete file. */
async function makeKey(file: string): Promise<string> {
  const fresh = `${file}.${process.pid}`;
  try {
    await writeFile(fresh, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'w' });
    giveToOwner(fresh);
    await link(fresh, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(fresh, { force: true });
  }
  return readFile(file, 'utf8');
}

/**
 * Encrypts every payload and binds it to the workflow that it belongs to, so that it cannot be moved into another's history.
 * Texts made for operators (`readable`) and Temporal's own description of a workflow stay legible.
 */
export function encryption({ id, key }: PayloadKey): PayloadCodec {
  return {
    encode: async (payloads, context) => payloads.map((p) => (isForPeople(p) ? p : seal(p, id, key, owner(context)))),
    decode: async (payloads, context) => payloads.map((p) => (isSealed(p) ? open(p, id, key, owner(context)) : p)),
  };
}

const owner = (context?: SerializationContext): string =>
  context?.workflowId === undefined ? '' : `${context.namespace}/${context.workflowId}`;

const text = (bytes?: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();

const isSealed = (payload: Payload): boolean => text(payload.metadata?.[METADATA_ENCODING_KEY]) === ENCODING;

function isForPeople(payload: Payload): boolean {
  // Nothing at all. A schedule hands what its last run returned to the next, which is another workflow.
  if (text(payload.metadata?.[METADATA_ENCODING_KEY]) === 'binary/null') return true;
  if (text(payload.metadata?.[METADATA_ENCODING_KEY]) !== 'json/plain') return false;
  const json = text(payload.data);
  // The answer to the query for `currentDetails`, which is never stored.
  return isReadable(json.slice(1)) || json.startsWith('{"definition":{');
}

function seal(payload: Payload, keyId: string, key: Buffer, bound: string): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(bound));
  const plain = temporal.api.common.v1.Payload.encode(payload).finish();
  const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return {
    metadata: {
      [METADATA_ENCODING_KEY]: Buffer.from(ENCODING),
      'encryption-key-id': Buffer.from(keyId),
      'encryption-owner': Buffer.from(bound),
    },
    data,
  };
}

function open(payload: Payload, keyId: string, key: Buffer, expected: string): Payload {
  const usedKey = text(payload.metadata?.['encryption-key-id']);
  if (usedKey !== keyId) throw new Error(`payload was encrypted with key ${usedKey}, this process has ${keyId}`);
  const bound = text(payload.metadata?.['encryption-owner']);
  if (expected !== '' && bound !== '' && bound !== expected)
    throw new Error(`payload belongs to ${bound}, not to ${expected}`);
  const data = Buffer.from(payload.data ?? []);
  const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(bound));
  decipher.setAuthTag(data.subarray(-TAG_BYTES));
  const plain = Buffer.concat([decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  return temporal.api.common.v1.Payload.decode(plain);
}
