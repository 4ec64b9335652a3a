// awsJson 1.0 and 1.1: inputs read in one pass along their schema, outputs written along theirs.
import type { AwsError } from '#kernel/error.ts';
import { JsonScanner, openBrace, openBracket, quote, serializationError } from './json-scanner.ts';
import type { ListShape, MapShape, Shape, StructureShape, TimestampShape } from './shape.ts';
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
type Write = (value: unknown) => string;

/**
 * Reads a request's body. An empty one is an empty structure; members that the shape does not know are passed over,
 * `null` members are absent, `null` elements stay for validation to name. Throws SerializationException.
 */
export function readJson(shape: Shape, body: Buffer): Record<string, unknown> {
  const text = body.toString('utf8');
  if (text.length === 0) return {};
  const scanner = new JsonScanner(text);
  if (shape.kind === 'unit') {
    if (scanner.peek() !== openBrace) throw scanner.mismatch('map');
    scanner.value();
    scanner.end();
    return {};
  }
  const value = readerOf(shape)(scanner);
  scanner.end();
  return value as Record<string, unknown>;
}

/** Writes a structure as JSON text. Throws TypeError where a value is not of its shape. */
export function writeJson(shape: Shape, value: unknown): string {
  return shape.kind === 'unit' ? '{}' : writerOf(shape)(value ?? {});
}

const readers = new WeakMap<Shape, Read>();
const writers = new WeakMap<Shape, Write>();

function readerOf(shape: Shape): Read {
  const known = readers.get(shape) ?? compileReader(shape);
  readers.set(shape, known);
  return known;
}

function writerOf(shape: Shape): Write {
  const known = writers.get(shape) ?? compileWriter(shape);
  writers.set(shape, known);
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

function compileWriter(shape: Shape): Write {
  switch (shape.kind) {
    case 'structure':
      return structureWriter(shape);
    case 'list': {
      let write: Write | undefined;
      return (value) => {
        const writeElement = (write ??= writerOf(shape.element.shape));
        return `[${(value as readonly unknown[]).map((v) => (v === null || v === undefined ? 'null' : writeElement(v))).join(',')}]`;
      };
    }
    case 'map': {
      let write: Write | undefined;
      return (value) => {
        const writeValue = (write ??= writerOf(shape.value.shape));
        const entries = Object.entries(value as object).filter(([, v]) => v !== undefined);
        return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${v === null ? 'null' : writeValue(v)}`).join(',')}}`;
      };
    }
    case 'number':
      return (value) => (Number.isFinite(value) ? String(value) : writeOddNumber(value));
    case 'timestamp':
      return timestampWriter(shape);
    case 'blob':
      return (value) => `"${formatBase64(bytesOf(value))}"`;
    case 'boolean':
      return (value) => (value === true ? 'true' : value === false ? 'false' : mistyped('boolean'));
    case 'string':
      return (value) => (typeof value === 'string' ? JSON.stringify(value) : mistyped('string'));
    case 'document':
    case 'unit':
      return (value) => JSON.stringify(value);
  }
}

function mistyped(kind: string): never {
  throw new TypeError(`A ${kind} of an output has another type`);
}

function writeOddNumber(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'number' ? `"${value}"` : mistyped('number');
}

function structureWriter(shape: StructureShape): Write {
  const members = shape.members.map((member) => {
    let write: Write | undefined;
    return {
      name: member.name,
      prefix: `${JSON.stringify(member.name)}:`,
      write: (value: unknown) => (write ??= writerOf(member.shape))(value),
    };
  });
  return (value) => {
    if (typeof value !== 'object' || value === null) mistyped('structure');
    let text = '{';
    for (const { name, prefix, write } of members) {
      const member = (value as Record<string, unknown>)[name];
      if (member === undefined || member === null) continue;
      text += text.length === 1 ? prefix + write(member) : `,${prefix}${write(member)}`;
    }
    return `${text}}`;
  };
}

function timestampWriter(shape: TimestampShape): Write {
  return (value) => {
    if (!(value instanceof Date)) mistyped('timestamp');
    const date = value as Date;
    if (shape.format === 'date-time') return `"${formatIso(date)}"`;
    return shape.format === 'http-date' ? `"${date.toUTCString()}"` : String(date.getTime() / 1000);
  };
}
