// SigV4's canonical forms of path, query, headers and request: the text that both sides hash.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

const plain = /^[A-Za-z0-9\-._~/]*$/;
const percentOrReserved = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~/]/gu;
const reserved = /[^A-Za-z0-9\-._~/]/gu;
const unreserved = /[A-Za-z0-9\-._~]/;
const hex = Array.from({ length: 256 }, (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`);

/** Percent-encodes a character. Below U+0100 it stands for the byte on the wire, since HTTP text is latin1 to Node. */
function encode(character: string): string {
  if (character.charCodeAt(0) < 0x100) return hex[character.charCodeAt(0)]!;
  return Array.from(Buffer.from(character, 'utf8'), (byte) => hex[byte]).join('');
}

/** Brings a percent-encoding that a client chose into SigV4's: unreserved bytes plain, all others `%XX`. */
function reencode(token: string): string {
  if (token.length !== 3 || token[0] !== '%') return encode(token);
  const byte = Number.parseInt(token.slice(1), 16);
  const character = String.fromCharCode(byte);
  return unreserved.test(character) ? character : hex[byte]!;
}

/** S3's: encoded once, never normalised (`//`, `.` and `..` are parts of a key). */
export function canonicalS3Path(path: string): string {
  return plain.test(path) ? path : path.replace(percentOrReserved, reencode);
}

/** Everybody else's: dot segments and empty segments removed, then what was sent is encoded once more. */
export function canonicalPath(path: string): string {
  if (path === '/' || path === '') return '/';
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const normal = `/${segments.join('/')}${segments.length > 0 && path.endsWith('/') ? '/' : ''}`;
  return plain.test(normal) ? normal : normal.replace(reserved, encode);
}

/** A part of a query in SigV4's encoding. A plus is a space, as in every form that AWS reads. */
function canonicalPart(part: string): string {
  if (!part.includes('/') && plain.test(part)) return part;
  return part.replaceAll('+', '%20').replace(percentOrReserved, reencode).replaceAll('/', '%2F');
}

const byCodeUnit = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The query sorted by key, then value (not by `key=value`: `a=` comes before `a-b=`), without the parameter `except`. */
export function canonicalQuery(query: string, except?: string): string {
  if (query === '') return '';
  const pairs: [key: string, value: string][] = [];
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const key = canonicalPart(equals < 0 ? part : part.slice(0, equals));
    if (key !== except) pairs.push([key, equals < 0 ? '' : canonicalPart(part.slice(equals + 1))]);
  }
  if (pairs.length > 1) pairs.sort((a, b) => byCodeUnit(a[0], b[0]) || byCodeUnit(a[1], b[1]));
  return pairs.map(([key, value]) => `${key}=${value}`).join('&');
}

/** A header's value without surrounding whitespace, runs of whitespace folded into one space. */
export function foldWhitespace(value: string): string {
  // Not \s: U+00A0 is a byte of somebody's UTF-8 here.
  if (!/^ |  |[\t\r\n]| $/.test(value)) return value;
  return value.replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '');
}

/** What is hashed into the string to sign. `headers` are in the order of the claim's `SignedHeaders`. */
export interface CanonicalParts {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
}

/** The canonical request; its bytes are latin1, as HTTP's are. A header that is signed but absent is left out. */
export function canonicalRequest(parts: CanonicalParts): string {
  let headers = '';
  for (const name of parts.signedHeaders) {
    const value = parts.headers[name];
    if (value !== undefined) headers += `${name}:${foldWhitespace(value)}\n`;
  }
  return `${parts.method}\n${parts.path}\n${parts.query}\n${headers}\n${parts.signedHeaders.join(';')}\n${parts.payloadHash}`;
}
