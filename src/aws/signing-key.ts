// HMAC-SHA256 under one key, for many short texts.
// https://www.rfc-editor.org/rfc/rfc2104#section-2
import { hash } from 'node:crypto';

/** Bytes of SHA-256's blocks and of its digests. */
const blockBytes = 64;
const digestBytes = 32;

/**
 * The two hashes that an HMAC is made of, each in one call: an Hmac object for each text, which the collector of garbage has
 * to follow into OpenSSL, takes twice the time.
 */
export class SigningKey {
  /** The key with the inner padding. */
  readonly #inner: Buffer;
  /** The key with the outer padding, and room for the inner digest. */
  readonly #outer: Buffer;

  /** `key` is what a key of SigV4 is: the digest of an HMAC-SHA256. Throws RangeError where it has another length. */
  constructor(key: Buffer) {
    if (key.byteLength !== digestBytes) throw new RangeError(`A signing key has ${digestBytes} bytes`);
    this.#inner = Buffer.alloc(blockBytes, 0x36);
    this.#outer = Buffer.alloc(blockBytes + digestBytes, 0x5c);
    for (const [at, byte] of key.entries()) {
      this.#inner[at]! ^= byte;
      this.#outer[at]! ^= byte;
    }
  }

  /** The signature of a text's UTF-8, in lower-case hexadecimal digits. */
  sign(text: string): string {
    const padded = Buffer.allocUnsafe(blockBytes + Buffer.byteLength(text));
    padded.set(this.#inner);
    padded.write(text, blockBytes);
    // As text: a Buffer would be memory of its own, outside of the heap.
    this.#outer.write(hash('sha256', padded, 'binary'), blockBytes, 'latin1');
    return hash('sha256', this.#outer);
  }
}
