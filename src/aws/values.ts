// The text forms of simple values, shared by the protocols: timestamps, numbers, booleans, base64.

const iso = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2})?(?:\.(\d+))?(Z|z|[+-]\d{2}:?\d{2})?)?$/;

/** An ISO 8601 date or date and time; undefined where it is none. Digits beyond milliseconds are dropped. */
export function parseIso(text: string): Date | undefined {
  const match = iso.exec(text);
  if (match === null) return undefined;
  const [, day, minutes = '00:00', seconds = ':00', fraction = '', zone = 'Z'] = match;
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  return validDate(Date.parse(`${day}T${minutes}${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}${offset}`));
}

/** A date of RFC 9110's preferred form: `Sun, 06 Nov 1994 08:49:37 GMT`. */
export function parseHttpDate(text: string): Date | undefined {
  return /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2}(\.\d+)? GMT$/.test(text)
    ? validDate(Date.parse(text))
    : undefined;
}

/** Seconds since 1970, as a number or its text. */
export function parseEpoch(seconds: number | string): Date | undefined {
  const number = typeof seconds === 'number' ? seconds : parseDecimal(seconds);
  return number === undefined ? undefined : validDate(Math.round(number * 1000));
}

function validDate(ms: number): Date | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

// Without two neighbours that can match the same digits: a long run of them must not be tried in every split.
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A number in decimal digits, or Smithy's names of those that have none; undefined for anything else. */
export function parseDecimal(text: string): number | undefined {
  if (decimal.test(text)) return Number(text);
  return parseSpecialNumber(text);
}

/** `NaN`, `Infinity` and `-Infinity`, the strings that JSON holds in place of such numbers. */
export function parseSpecialNumber(text: string): number | undefined {
  return text === 'NaN' || text === 'Infinity' || text === '-Infinity' ? Number(text) : undefined;
}

/** XML Schema's boolean. */
export function parseBoolean(text: string): boolean | undefined {
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : undefined;
}

/** Standard base64 with its padding; undefined where a character is not of it. */
export function parseBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what is not base64, so a shorter result tells of it.
  if (bytes.length !== (text.length / 4) * 3 - padding) return undefined;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** `2026-01-31T12:00:00Z`, with milliseconds where there are some. */
export function formatIso(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}

export function formatBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Sets an own property, whatever its name: `__proto__` would change the prototype. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  else target[key] = value;
}

/** The whole bytes of a blob as handlers give it: bytes or text. Throws where it is neither. */
export function bytesOf(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw new TypeError('A blob must be given as bytes or text');
}
