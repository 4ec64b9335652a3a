// Seals: texts that carry a proof that this installation made them, so that nothing need be remembered to believe them.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

export interface Seals {
  /** The proof (43 base64url characters) that `text` was sealed for `purpose`. */
  seal(purpose: string, text: string): string;
  /** Whether `proof` is that of `text`; takes the same time for every wrong proof. */
  verify(purpose: string, text: string, proof: string): boolean;
  /** Turns 16 bytes into 16 others, one to one, in a way of its own for each purpose and text. */
  veil(purpose: string, text: string, bytes: Uint8Array): Buffer;
  /** The bytes that {@link veil} turned into these. */
  unveil(purpose: string, text: string, bytes: Uint8Array): Buffer;
}

/** Seals under `key` (at least 32 bytes, kept with the installation): HMAC-SHA-256 over purpose and text. */
export function createSeals(key: Uint8Array): Seals {
  if (key.byteLength < 32) throw new Error('a sealing key has at least 32 bytes');
  const secret = createSecretKey(key);
  const mac = (purpose: string, text: string) => createHmac('sha256', secret).update(`${purpose}\0${text}`).digest();
  return {
    seal: (purpose, text) => mac(purpose, text).toString('base64url'),
    verify(purpose, text, proof) {
      // Compared as text: a decoder would take other spellings of the same bytes for the same.
      const expected = Buffer.from(mac(purpose, text).toString('base64url'));
      const given = Buffer.from(proof);
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
    // One block under a key of its own: ECB is no more than the cipher itself here.
    veil(purpose, text, bytes) {
      const cipher = createCipheriv('aes-128-ecb', mac(purpose, text).subarray(0, 16), null).setAutoPadding(false);
      return Buffer.concat([cipher.update(bytes), cipher.final()]);
    },
    unveil(purpose, text, bytes) {
      const decipher = createDecipheriv('aes-128-ecb', mac(purpose, text).subarray(0, 16), null).setAutoPadding(false);
      return Buffer.concat([decipher.update(bytes), decipher.final()]);
    },
  };
}
