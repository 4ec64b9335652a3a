// Walks over a JSON text (RFC 8259) one token at a time, and refuses what is malformed in AWS's words.
import { AwsError } from '#kernel/error.ts';
import { setOwn } from './values.ts';

/** Deeper nesting than any model has; it bounds the stack. */
export const maximumDepth = 100;

export const quote = 0x22;
export const openBrace = 0x7b;
export const openBracket = 0x5b;
const backslash = 0x5c;
const closeBrace = 0x7d;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

export function serializationError(message: string): AwsError {
  return new AwsError('SerializationException', message);
}

const malformed = (): AwsError => serializationError('Unexpected token received from parser');

/** A position in a JSON text. Every method leaves it on the next token; all throw SerializationException. */
export class JsonScanner {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#space();
  }

  /** The character code of the next token; NaN at the end. */
  peek(): number {
    return this.#text.charCodeAt(this.#at);
  }

  /** Nothing may follow. */
  end(): void {
    if (this.#at < this.#text.length) throw malformed();
  }

  /** Takes a `null` if there is one. */
  null(): boolean {
    return this.peek() === 0x6e && this.#word('null');
  }

  boolean(): boolean {
    if (this.peek() === 0x74) return this.#word('true');
    this.#word('false');
    return false;
  }

  number(): number {
    number.lastIndex = this.#at;
    const match = number.exec(this.#text);
    if (match === null) throw malformed();
    this.#at = number.lastIndex;
    this.#space();
    return Number(match[0]);
  }

  string(): string {
    if (this.peek() !== quote) throw malformed();
    const text = this.#text;
    const start = this.#at + 1;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.#at = at + 1;
        this.#space();
        return text.slice(start, at);
      }
      if (code === backslash) return this.#escaped(start, at);
      if (code < 0x20) throw malformed();
    }
    throw malformed();
  }

  /** Calls `entry` for each key with the position on its value, which it must consume. */
  object(entry: (key: string) => void): void {
    this.#enter(openBrace);
    if (this.peek() !== closeBrace) {
      for (;;) {
        const key = this.string();
        this.#take(colon);
        entry(key);
        if (this.peek() !== comma) break;
        this.#take(comma);
      }
    }
    this.#leave(closeBrace);
  }

  /** Calls `element` with the position on each element, which it must consume. */
  array(element: () => void): void {
    this.#enter(openBracket);
    if (this.peek() !== closeBracket) {
      for (;;) {
        element();
        if (this.peek() !== comma) break;
        this.#take(comma);
      }
    }
    this.#leave(closeBracket);
  }

  /** Any value: a document, or one to be passed over. */
  value(): unknown {
    switch (this.peek()) {
      case openBrace: {
        const found: Record<string, unknown> = {};
        this.object((key) => setOwn(found, key, this.value()));
        return found;
      }
      case openBracket: {
        const found: unknown[] = [];
        this.array(() => found.push(this.value()));
        return found;
      }
      case quote:
        return this.string();
      case 0x74:
      case 0x66:
        return this.boolean();
      case 0x6e:
        this.#word('null');
        return null;
      default:
        return this.number();
    }
  }

  /** Refuses the value at the position where one of another type belongs. */
  mismatch(wanted: 'String' | 'Boolean' | 'Number' | 'Timestamp' | 'Blob' | 'list' | 'map'): AwsError {
    const code = this.peek();
    if (code === openBrace) return serializationError('Start of structure or map found where not expected.');
    if (code === openBracket) return serializationError('Start of list found where not expected');
    if (wanted === 'list' || wanted === 'map') return serializationError(`Expected ${wanted} or null`);
    const token = code === quote ? 'STRING' : code === 0x74 ? 'TRUE' : code === 0x66 ? 'FALSE' : 'NUMBER';
    this.value();
    return serializationError(`${token}_VALUE can not be converted to a ${wanted}`);
  }

  #escaped(start: number, firstEscape: number): string {
    const text = this.#text;
    let found = text.slice(start, firstEscape);
    let at = firstEscape;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === quote) break;
      if (code !== backslash) {
        if (!(code >= 0x20)) throw malformed();
        const run = at;
        do at++;
        while (plain(text.charCodeAt(at)));
        found += text.slice(run, at);
        continue;
      }
      const letter = text.charAt(at + 1);
      if (letter === 'u') {
        const digits = text.slice(at + 2, at + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw malformed();
        found += String.fromCharCode(Number.parseInt(digits, 16));
        at += 6;
        continue;
      }
      const plainLetter = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
      if (plainLetter === undefined) throw malformed();
      found += plainLetter;
      at += 2;
    }
    this.#at = at + 1;
    this.#space();
    // Half of a surrogate pair is no character: it becomes what a broken byte becomes where UTF-8 is read.
    return found.toWellFormed();
  }

  #word(word: string): true {
    if (!this.#text.startsWith(word, this.#at)) throw malformed();
    this.#at += word.length;
    this.#space();
    return true;
  }

  #take(code: number): void {
    if (this.peek() !== code) throw malformed();
    this.#at++;
    this.#space();
  }

  #enter(code: number): void {
    this.#take(code);
    if (++this.#depth > maximumDepth) throw serializationError('The request is nested too deeply');
  }

  #leave(code: number): void {
    this.#take(code);
    this.#depth--;
  }

  #space(): void {
    const text = this.#text;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }
}

const plain = (code: number): boolean => code >= 0x20 && code !== quote && code !== backslash;
