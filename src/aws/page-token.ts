// Pagination tokens: opaque, sealed to what they were given out for, refused when anything in them was changed.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;

/**
 * Seals positions with AES-256-GCM. The nonce is an HMAC of what is sealed (as in RFC 5297), so that it is never used
 * for two texts, needs no chance, and the same position always has the same token.
 */
export class PageTokens {
  readonly #sealing: KeyObject;
  readonly #naming: KeyObject;

  /** `key`: 32 secret bytes. Tokens of another key are not opened. */
  constructor(key: Buffer) {
    if (key.length !== 32) throw new RangeError(`A page token key has 32 bytes, not ${key.length}.`);
    this.#sealing = createSecretKey(createHmac('sha256', key).update('berth page token: sealing').digest());
    this.#naming = createSecretKey(createHmac('sha256', key).update('berth page token: nonce').digest());
  }

  /** A token (base64url) for `position`, good only for `purpose` (operation, account, region, filters, …). */
  seal(purpose: string, position: string): string {
    const nonce = this.#nonce(purpose, position);
    const cipher = createCipheriv('aes-256-gcm', this.#sealing, nonce, { authTagLength: tagBytes });
    cipher.setAAD(Buffer.from(purpose));
    const sealed = Buffer.concat([cipher.update(position, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** The position in a token; undefined where it was not sealed by this key for this purpose. */
  open(purpose: string, token: string): string | undefined {
    const bytes = Buffer.from(token, 'base64url');
    // Node's decoder skips what it does not know: only the one spelling that was given out counts.
    if (bytes.length < nonceBytes + tagBytes || bytes.toString('base64url') !== token) return undefined;
    const nonce = bytes.subarray(0, nonceBytes);
    const decipher = createDecipheriv('aes-256-gcm', this.#sealing, nonce, { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(purpose));
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    const position = decipher.update(bytes.subarray(nonceBytes + tagBytes));
    try {
      decipher.final();
    } catch {
      return undefined; // final() throws for one reason only: the tag does not fit.
    }
    return position.toString('utf8');
  }

  #nonce(purpose: string, position: string): Buffer {
    const hmac = createHmac('sha256', this.#naming).update(`${Buffer.byteLength(purpose)}:${purpose}`);
    return hmac.update(position).digest().subarray(0, nonceBytes);
  }
}
