// CBOR (RFC 8949) token by token: a scanner that refuses malformed input, a printer of definite-length items.
import { AwsError } from '#kernel/error.ts';
import { setOwn } from './values.ts';

export type CborToken =
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'blob'; readonly value: Uint8Array }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'null' }
  | { readonly type: 'tag'; readonly value: number }
  /** `length` is undefined where an item of indefinite length ends by a break. */
  | { readonly type: 'list' | 'map'; readonly length: number | undefined }
  | { readonly type: 'break' };

const malformed = (message = 'The CBOR body is malformed'): AwsError => new AwsError('SerializationException', message);

/** Deeper nesting than any model has; it bounds the stack. */
const maximumDepth = 100;

/** A position in a CBOR body; every method throws SerializationException. */
export class CborScanner {
  readonly #bytes: Buffer;
  #at = 0;
  #depth = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw malformed();
  }

  next(): CborToken {
    const initial = this.#take(1)[0]!;
    const major = initial >> 5;
    const minor = initial & 31;
    switch (major) {
      case 0:
        return { type: 'number', value: this.#definite(minor) };
      case 1:
        return { type: 'number', value: -1 - this.#definite(minor) };
      case 2:
        return { type: 'blob', value: viewOf(this.#chunks(minor, 2)) };
      case 3:
        return { type: 'string', value: this.#chunks(minor, 3).toString('utf8') };
      case 4:
        return { type: 'list', length: this.#argument(minor) };
      case 5:
        return { type: 'map', length: this.#argument(minor) };
      case 6:
        return { type: 'tag', value: this.#definite(minor) };
      default:
        return this.#special(minor);
    }
  }

  list(token: CborToken, element: (token: CborToken) => void): void {
    if (token.type !== 'list') throw malformed();
    this.#nested(() => {
      for (let i = 0; token.length === undefined || i < token.length; i++) {
        const next = this.next();
        if (next.type === 'break' && token.length === undefined) return;
        element(this.#wanted(next));
      }
    });
  }

  map(token: CborToken, entry: (key: string, value: CborToken) => void): void {
    if (token.type !== 'map') throw malformed();
    this.#nested(() => {
      for (let i = 0; token.length === undefined || i < token.length; i++) {
        const key = this.next();
        if (key.type === 'break' && token.length === undefined) return;
        if (key.type !== 'string') throw malformed();
        entry(key.value, this.#wanted(this.next()));
      }
    });
  }

  /** Any value: a document, or one to be passed over. */
  value(token: CborToken): unknown {
    switch (token.type) {
      case 'null':
        return null;
      case 'list': {
        const found: unknown[] = [];
        this.list(token, (element) => found.push(this.value(element)));
        return found;
      }
      case 'map': {
        const found: Record<string, unknown> = {};
        this.map(token, (key, value) => setOwn(found, key, this.value(value)));
        return found;
      }
      case 'tag': {
        let tagged: unknown;
        this.#nested(() => {
          tagged = this.value(this.#wanted(this.next()));
        });
        return tagged;
      }
      case 'break':
        throw malformed();
      default:
        return token.value;
    }
  }

  #wanted(token: CborToken): CborToken {
    if (token.type === 'break') throw malformed();
    return token;
  }

  #nested(work: () => void): void {
    if (++this.#depth > maximumDepth) throw malformed('The request is nested too deeply');
    work();
    this.#depth--;
  }

  #special(minor: number): CborToken {
    switch (minor) {
      case 20:
      case 21:
        return { type: 'boolean', value: minor === 21 };
      case 22:
      case 23:
        return { type: 'null' };
      case 25:
        return { type: 'number', value: half(this.#take(2).readUInt16BE()) };
      case 26:
        return { type: 'number', value: this.#take(4).readFloatBE() };
      case 27:
        return { type: 'number', value: this.#take(8).readDoubleBE() };
      case 31:
        return { type: 'break' };
      default:
        throw malformed();
    }
  }

  #definite(minor: number): number {
    const value = this.#argument(minor);
    if (value === undefined) throw malformed();
    return value;
  }

  #argument(minor: number): number | undefined {
    if (minor < 24) return minor;
    switch (minor) {
      case 24:
        return this.#take(1)[0]!;
      case 25:
        return this.#take(2).readUInt16BE();
      case 26:
        return this.#take(4).readUInt32BE();
      case 27:
        return Number(this.#take(8).readBigUInt64BE());
      case 31:
        return undefined;
      default:
        throw malformed();
    }
  }

  #chunks(minor: number, major: number): Buffer {
    const length = this.#argument(minor);
    if (length !== undefined) return this.#take(length);
    const chunks: Buffer[] = [];
    for (;;) {
      const initial = this.#take(1)[0]!;
      if (initial === 0xff) return Buffer.concat(chunks);
      if (initial >> 5 !== major) throw malformed();
      chunks.push(this.#take(this.#definite(initial & 31)));
    }
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw malformed();
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }
}

const viewOf = (bytes: Buffer): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A binary16 float (RFC 8949, appendix D). */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (mantissa + 1024) * 2 ** (exponent - 25);
}

const majors = { list: 4, map: 5 } as const;

/** Collects items into one buffer. */
export class CborPrinter {
  readonly #parts: Buffer[] = [];

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  head(kind: 'list' | 'map', length: number): void {
    this.#head(majors[kind], length);
  }

  tag(tag: number): void {
    this.#head(6, tag);
  }

  text(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    this.#head(3, bytes.length);
    this.#parts.push(bytes);
  }

  blob(bytes: Buffer): void {
    this.#head(2, bytes.length);
    this.#parts.push(bytes);
  }

  number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0))
      this.#head(value < 0 ? 1 : 0, value < 0 ? -1 - value : value);
    else {
      const bytes = Buffer.allocUnsafe(9);
      bytes[0] = 0xfb;
      bytes.writeDoubleBE(value, 1);
      this.#parts.push(bytes);
    }
  }

  /** Any value of JSON's kinds, and bytes. */
  any(value: unknown): void {
    if (value === null || value === undefined) this.#byte(0xf6);
    else if (typeof value === 'boolean') this.#byte(value ? 0xf5 : 0xf4);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'bigint') this.number(Number(value));
    else if (typeof value === 'string') this.text(value);
    else if (value instanceof Uint8Array) this.blob(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    else if (Array.isArray(value)) {
      this.#head(4, value.length);
      for (const element of value) this.any(element);
    } else {
      const entries = Object.entries(value as object);
      this.#head(5, entries.length);
      for (const [key, element] of entries) {
        this.text(key);
        this.any(element);
      }
    }
  }

  #byte(byte: number): void {
    this.#parts.push(Buffer.from([byte]));
  }

  #head(major: number, argument: number): void {
    const bytes = argument < 24 ? Buffer.from([(major << 5) | argument]) : longHead(major << 5, argument);
    this.#parts.push(bytes);
  }
}

function longHead(major: number, argument: number): Buffer {
  if (argument < 0x100) return Buffer.from([major | 24, argument]);
  const bytes = Buffer.allocUnsafe(argument < 0x1_0000 ? 3 : argument < 0x1_0000_0000 ? 5 : 9);
  if (bytes.length === 3) {
    bytes[0] = major | 25;
    bytes.writeUInt16BE(argument, 1);
  } else if (bytes.length === 5) {
    bytes[0] = major | 26;
    bytes.writeUInt32BE(argument, 1);
  } else {
    bytes[0] = major | 27;
    bytes.writeBigUInt64BE(BigInt(argument), 1);
  }
  return bytes;
}
