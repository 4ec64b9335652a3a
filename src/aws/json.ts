// awsJson 1.0 and 1.1: inputs read along their schema, outputs written along theirs.
import type { AwsError } from '#kernel/error.ts';
import { parseFitting } from './json-parsed.ts';
import { JsonScanner, openBrace, openBracket, quote, serializationError } from './json-scanner.ts';
import { nests, type ListShape, type MapShape, type Shape, type StructureShape, type TimestampShape } from './shape.ts';
import {
  bytesOf,
  formatBase64,
  formatIso,
  parseBase64,
  parseEpoch,
  parseHttpDate,
  parseIso,
  parseSpecialNumber,
  setOwn,
} from './values.ts';

type Read = (scanner: JsonScanner) => unknown;
type Plain = (value: unknown) => unknown;

/**
 * Reads a request's body. An empty one is an empty structure; members that the shape does not know are passed over,
 * `null` members are absent, `null` elements stay for validation to name. Throws SerializationException.
 */
export function readJson(shape: Shape, body: Buffer): Record<string, unknown> {
  const text = body.toString('utf8');
  if (text.length === 0) return {};
  return (parseFitting(shape, text) ?? scan(shape, text)) as Record<string, unknown>;
}

function scan(shape: Shape, text: string): unknown {
  const scanner = new JsonScanner(text);
  if (shape.kind === 'unit') {
    if (scanner.peek() !== openBrace) throw scanner.mismatch('map');
    scanner.value();
    scanner.end();
    return {};
  }
  const value = readerOf(shape)(scanner);
  scanner.end();
  return value;
}

/** Writes a structure as JSON text. Throws TypeError where a value is not of its shape. */
export function writeJson(shape: Shape, value: unknown): string {
  return shape.kind === 'unit' ? '{}' : JSON.stringify(plainOf(shape)(value ?? {}));
}

const readers = new WeakMap<Shape, Read>();
const plains = new WeakMap<Shape, Plain>();

function readerOf(shape: Shape): Read {
  const known = readers.get(shape) ?? compileReader(shape);
  readers.set(shape, known);
  return known;
}

function plainOf(shape: Shape): Plain {
  const known = plains.get(shape) ?? compilePlain(shape);
  plains.set(shape, known);
  return known;
}

const tokens = { true: 0x74, false: 0x66, null: 0x6e } as const;

function compileReader(shape: Shape): Read {
  switch (shape.kind) {
    case 'structure':
      return structureReader(shape);
    case 'list':
      return listReader(shape);
    case 'map':
      return mapReader(shape);
    case 'string':
      return (scanner) => {
        if (scanner.peek() !== quote) throw scanner.mismatch('String');
        return scanner.string();
      };
    case 'number':
      return readNumber;
    case 'boolean':
      return (scanner) => {
        const code = scanner.peek();
        if (code !== tokens.true && code !== tokens.false) throw scanner.mismatch('Boolean');
        return scanner.boolean();
      };
    case 'timestamp':
      return readTimestamp;
    case 'blob':
      return (scanner) => {
        if (scanner.peek() !== quote) throw scanner.mismatch('Blob');
        return parseBase64(scanner.string()) ?? fail(serializationError('The blob is not valid base64'));
      };
    case 'document':
    case 'unit':
      return (scanner) => scanner.value();
  }
}

function fail(error: AwsError): never {
  throw error;
}

function structureReader(shape: StructureShape): Read {
  const memberReaders = new Map<string, Read>();
  for (const member of shape.members) {
    let read: Read | undefined;
    // Compiled when first met: a shape may contain itself.
    memberReaders.set(member.name, (scanner) => (read ??= readerOf(member.shape))(scanner));
  }
  return (scanner) => {
    if (scanner.peek() !== openBrace) throw scanner.mismatch('map');
    const found: Record<string, unknown> = {};
    let set = 0;
    scanner.object((key) => {
      const read = memberReaders.get(key);
      if (read === undefined) scanner.value();
      else if (!scanner.null()) {
        found[key] = read(scanner);
        set++;
      }
    });
    if (shape.union && set > 1) throw serializationError('A union must have exactly one member set');
    return found;
  };
}

function listReader(shape: ListShape): Read {
  let read: Read | undefined;
  return (scanner) => {
    if (scanner.peek() !== openBracket) throw scanner.mismatch('list');
    const readElement = (read ??= readerOf(shape.element.shape));
    const found: unknown[] = [];
    scanner.array(() => {
      found.push(scanner.null() ? null : readElement(scanner));
    });
    return found;
  };
}

function mapReader(shape: MapShape): Read {
  let read: Read | undefined;
  return (scanner) => {
    if (scanner.peek() !== openBrace) throw scanner.mismatch('map');
    const readValue = (read ??= readerOf(shape.value.shape));
    const found: Record<string, unknown> = {};
    scanner.object((key) => setOwn(found, key, scanner.null() ? null : readValue(scanner)));
    return found;
  };
}

const isNumberStart = (code: number): boolean => code === 0x2d || (code >= 0x30 && code <= 0x39);

function readNumber(scanner: JsonScanner): number {
  const code = scanner.peek();
  if (isNumberStart(code)) {
    const number = scanner.number();
    if (!Number.isFinite(number)) throw serializationError('The number is out of range');
    return number;
  }
  if (code !== quote) throw scanner.mismatch('Number');
  return (
    parseSpecialNumber(scanner.string()) ?? fail(serializationError('STRING_VALUE can not be converted to a Number'))
  );
}

function readTimestamp(scanner: JsonScanner): Date {
  const code = scanner.peek();
  if (isNumberStart(code))
    return parseEpoch(scanner.number()) ?? fail(serializationError('The timestamp is out of range'));
  if (code !== quote) throw scanner.mismatch('Timestamp');
  const text = scanner.string();
  return (
    parseIso(text) ??
    parseHttpDate(text) ??
    fail(serializationError('STRING_VALUE can not be converted to a Timestamp'))
  );
}

/**
 * Gives what JSON.stringify writes as the wire has it: one native pass over such values beats joining texts of ours. Most
 * values stand so already, and are given themselves.
 */
function compilePlain(shape: Shape): Plain {
  switch (shape.kind) {
    case 'structure':
      return structurePlain(shape);
    case 'list':
      return listPlain(shape);
    case 'map':
      return mapPlain(shape);
    case 'number':
      return (value) => (Number.isFinite(value) ? value : plainOddNumber(value));
    case 'timestamp':
      return timestampPlain(shape);
    case 'blob':
      return (value) => formatBase64(bytesOf(value));
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : mistyped('boolean'));
    case 'string':
      return (value) => (typeof value === 'string' ? value : mistyped('string'));
    case 'document':
    case 'unit':
      return (value) => value;
  }
}

function mistyped(kind: string): never {
  throw new TypeError(`A ${kind} of an output has another type`);
}

/** TypeScript's library does not know it yet: https://tc39.es/proposal-json-parse-with-source/ */
const rawJson = JSON as unknown as { rawJSON(text: string): unknown };

function plainOddNumber(value: unknown): unknown {
  if (typeof value === 'bigint') return rawJson.rawJSON(String(value));
  return typeof value === 'number' ? String(value) : mistyped('number');
}

/** Compiled when first met, where a shape may contain itself. */
function lazilyPlain(shape: Shape): Plain {
  if (!nests(shape)) return plainOf(shape);
  let plain: Plain | undefined;
  return (value) => (plain ??= plainOf(shape))(value);
}

function structurePlain(shape: StructureShape): Plain {
  const members = new Map(shape.members.map((member) => [member.name, lazilyPlain(member.shape)]));
  const plain = (name: string, member: unknown) => (isAbsent(member) ? undefined : members.get(name)?.(member));
  return (value) => {
    if (!isObject(value)) mistyped('structure');
    return plainEntries(value as Entries, plain);
  };
}

function mapPlain(shape: MapShape): Plain {
  const plain = lazilyPlain(shape.value.shape);
  const plainItem = (_key: string, item: unknown) => (isAbsent(item) ? item : plain(item));
  return (value) => {
    if (!isObject(value)) mistyped('map');
    return plainEntries(value as Entries, plainItem);
  };
}

type Entries = Readonly<Record<string, unknown>>;

/** What `plain` makes of each value, without what is undefined then; `value` itself where it is just so already. */
function plainEntries(value: Entries, plain: (name: string, member: unknown) => unknown): Entries {
  let found: Record<string, unknown> | undefined;
  for (const name in value) {
    const kept = plain(name, value[name]);
    if (kept !== value[name]) found ??= entriesBefore(value, name);
    if (found !== undefined && kept !== undefined) setOwn(found, name, kept);
  }
  return found ?? value;
}

function entriesBefore(value: Entries, end: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const name in value) {
    if (name === end) break;
    setOwn(found, name, value[name]);
  }
  return found;
}

function listPlain(shape: ListShape): Plain {
  const plain = lazilyPlain(shape.element.shape);
  return (value) => {
    if (!Array.isArray(value)) mistyped('list');
    const list = value as readonly unknown[];
    let found: unknown[] | undefined;
    for (let index = 0; index < list.length; index++) {
      const kept = isAbsent(list[index]) ? null : plain(list[index]);
      if (kept !== list[index]) found ??= list.slice(0, index);
      found?.push(kept);
    }
    return found ?? list;
  };
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

function timestampPlain(shape: TimestampShape): Plain {
  return (value) => {
    if (!(value instanceof Date)) mistyped('timestamp');
    const date = value as Date;
    if (shape.format === 'date-time') return formatIso(date);
    return shape.format === 'http-date' ? date.toUTCString() : date.getTime() / 1000;
  };
}
