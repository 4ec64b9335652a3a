// rpc-v2-cbor: the schema-driven side of CBOR (RFC 8949), reading inputs and writing outputs.
import { AwsError } from '#kernel/error.ts';
import { CborScanner, CborPrinter, type CborToken } from './cbor-token.ts';
import type { Shape, StructureShape } from './shape.ts';
import { bytesOf, parseEpoch, setOwn } from './values.ts';

type Read = (token: CborToken, scanner: CborScanner) => unknown;
type Write = (value: unknown, printer: CborPrinter) => void;

const serializationError = (message: string): AwsError => new AwsError('SerializationException', message);

/** Reads a request's body; an empty one is an empty structure. Throws SerializationException. */
export function readCbor(shape: Shape, body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  const scanner = new CborScanner(body);
  const token = scanner.next();
  if (token.type !== 'map') throw serializationError('Expected map');
  const value = shape.kind === 'unit' ? scanner.value(token) : readerOf(shape)(token, scanner);
  scanner.end();
  return shape.kind === 'unit' ? {} : (value as Record<string, unknown>);
}

/** Writes a structure. Throws TypeError where a value is not of its shape. */
export function writeCbor(shape: Shape, value: unknown): Buffer {
  const printer = new CborPrinter();
  if (shape.kind === 'unit') printer.head('map', 0);
  else writerOf(shape)(value ?? {}, printer);
  return printer.bytes();
}

/** Writes an error's body: its type, message and modelled members. */
export function writeCborError(
  type: string,
  members: readonly (readonly [string, Shape | undefined, unknown])[],
): Buffer {
  const printer = new CborPrinter();
  printer.head('map', members.length + 1);
  printer.text('__type');
  printer.text(type);
  for (const [name, shape, value] of members) {
    printer.text(name);
    if (shape === undefined) printer.any(value);
    else writerOf(shape)(value, printer);
  }
  return printer.bytes();
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

function mismatch(token: CborToken, wanted: string): AwsError {
  return serializationError(`Expected ${wanted}, found ${token.type}`);
}

function compileReader(shape: Shape): Read {
  switch (shape.kind) {
    case 'structure':
      return structureReader(shape);
    case 'list':
      return (token, scanner) => {
        if (token.type !== 'list') throw mismatch(token, 'list');
        const read = readerOf(shape.element.shape);
        const found: unknown[] = [];
        scanner.list(token, (element) => found.push(element.type === 'null' ? null : read(element, scanner)));
        return found;
      };
    case 'map':
      return (token, scanner) => {
        if (token.type !== 'map') throw mismatch(token, 'map');
        const read = readerOf(shape.value.shape);
        const found: Record<string, unknown> = {};
        scanner.map(token, (key, value) => setOwn(found, key, value.type === 'null' ? null : read(value, scanner)));
        return found;
      };
    case 'timestamp':
      return readTimestamp;
    case 'document':
    case 'unit':
      return (token, scanner) => scanner.value(token);
    case 'string':
    case 'number':
    case 'boolean':
    case 'blob':
      return simpleReader(shape.kind);
  }
}

function simpleReader(kind: 'string' | 'number' | 'boolean' | 'blob'): Read {
  return (token) => {
    if (token.type !== kind) throw mismatch(token, kind);
    return token.value;
  };
}

function structureReader(shape: StructureShape): Read {
  const members = new Map(shape.members.map((member) => [member.name, member]));
  return (token, scanner) => {
    if (token.type !== 'map') throw mismatch(token, 'map');
    const found: Record<string, unknown> = {};
    let set = 0;
    scanner.map(token, (key, value) => {
      const member = members.get(key);
      if (member === undefined) scanner.value(value);
      else if (value.type !== 'null') {
        found[key] = readerOf(member.shape)(value, scanner);
        set++;
      }
    });
    if (shape.union && set > 1) throw serializationError('A union must have exactly one member set');
    return found;
  };
}

const readTimestamp: Read = (token, scanner) => {
  if (token.type !== 'tag' || token.value !== 1) throw mismatch(token, 'timestamp');
  const seconds = scanner.next();
  const date = seconds.type === 'number' ? parseEpoch(seconds.value) : undefined;
  if (date === undefined) throw mismatch(seconds, 'timestamp');
  return date;
};

function compileWriter(shape: Shape): Write {
  switch (shape.kind) {
    case 'structure':
      return structureWriter(shape);
    case 'list':
      return (value, printer) => {
        const write = writerOf(shape.element.shape);
        const elements = value as readonly unknown[];
        printer.head('list', elements.length);
        for (const element of elements) {
          if (element === null || element === undefined) printer.any(null);
          else write(element, printer);
        }
      };
    case 'map':
      return (value, printer) => {
        const write = writerOf(shape.value.shape);
        const entries = Object.entries(value as object).filter(([, v]) => v !== undefined);
        printer.head('map', entries.length);
        for (const [key, element] of entries) {
          printer.text(key);
          if (element === null) printer.any(null);
          else write(element, printer);
        }
      };
    case 'timestamp':
      return (value, printer) => {
        if (!(value instanceof Date)) throw new TypeError('A timestamp of an output has another type');
        printer.tag(1);
        printer.number(value.getTime() / 1000);
      };
    case 'blob':
      return (value, printer) => printer.blob(bytesOf(value));
    case 'string':
    case 'number':
    case 'boolean':
      return simpleWriter(shape.kind);
    case 'document':
    case 'unit':
      return (value, printer) => printer.any(value);
  }
}

function simpleWriter(kind: 'string' | 'number' | 'boolean'): Write {
  return (value, printer) => {
    if (typeof value !== kind && !(kind === 'number' && typeof value === 'bigint')) {
      throw new TypeError(`A ${kind} of an output has another type`);
    }
    printer.any(value);
  };
}

function structureWriter(shape: StructureShape): Write {
  return (value, printer) => {
    const from = value as Record<string, unknown>;
    const present = shape.members.filter((member) => from[member.name] !== undefined && from[member.name] !== null);
    printer.head('map', present.length);
    for (const member of present) {
      printer.text(member.name);
      writerOf(member.shape)(from[member.name], printer);
    }
  };
}
