import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Encrypts texts that must be shown again, each bound to the row it stands in. */
export interface Seal {
  /** Base64 of nonce, AES-256-GCM ciphertext and tag. */
  close(text: string, bound: string): string;
  /** Throws where key, row or bytes are not those it was closed with. */
  open(sealed: string, bound: string): string;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** A seal with a key of its own, derived (HKDF-SHA-256) from the installation's: what one label seals no other opens. */
export function sealOf(installationKey: Buffer, label: string): Seal {
  const key = Buffer.from(hkdfSync('sha256', installationKey, '', `slipway ${label}`, KEY_BYTES));
  return {
    close: (text, bound) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(bound));
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64',
      );
    },
    open: (sealed, bound) => {
      const data = Buffer.from(sealed, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      }).setAAD(Buffer.from(bound));
      decipher.setAuthTag(data.subarray(-TAG_BYTES));
      const plain = [decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
      return Buffer.concat(plain).toString('utf8');
    },
  };
}
