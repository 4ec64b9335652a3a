// Reads bodies that are just as their schema wants them with JSON.parse, the quickest reader there is.
import { maximumDepth } from './json-scanner.ts';
import { nests, type ListShape, type MapShape, type Shape, type StructureShape } from './shape.ts';
import { parseBase64, parseEpoch, parseHttpDate, parseIso } from './values.ts';

/** Says that a value is not as its shape has it in the simplest way; whether it may be so is for others to tell. */
const odd = Symbol('odd');

/** Gives the value as handlers get it, which may be the very same; changes in place what is inside it. */
type Take = (value: unknown, depth: number) => unknown;

/**
 * The value of a JSON text whose every member is known to the shape and of its type. Undefined where that is not so, and
 * where the text is none: JsonScanner then reads what may be passed over, and says what is wrong.
 */
export function parseFitting(shape: Shape, text: string): unknown {
  // JSON.parse lets halves of surrogate pairs pass.
  if (text.includes('\\u') && /\\u[dD]/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const taken = takerOf(shape)(value, 1);
  return taken === odd ? undefined : taken;
}

const takers = new WeakMap<Shape, Take>();

function takerOf(shape: Shape): Take {
  const known = takers.get(shape) ?? compile(shape);
  takers.set(shape, known);
  return known;
}

/** Compiled when first met, where a shape may contain itself. */
function lazily(shape: Shape): Take {
  if (!nests(shape)) return takerOf(shape);
  let take: Take | undefined;
  return (value, depth) => (take ??= takerOf(shape))(value, depth);
}

function compile(shape: Shape): Take {
  switch (shape.kind) {
    case 'structure':
      return structureTaker(shape);
    case 'list':
      return listTaker(shape);
    case 'map':
      return mapTaker(shape);
    case 'string':
      return (value) => (typeof value === 'string' ? value : odd);
    case 'number':
      return (value) => (Number.isFinite(value) ? value : odd);
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : odd);
    case 'timestamp':
      return takeTimestamp;
    case 'blob':
      return (value) => (typeof value === 'string' ? (parseBase64(value) ?? odd) : odd);
    case 'document':
    case 'unit':
      return () => odd;
  }
}

function structureTaker(shape: StructureShape): Take {
  const members = new Map(shape.members.map(({ name, shape: inner }) => [name, lazily(inner)]));
  return (value, depth) => {
    if (!isObject(value) || depth > maximumDepth) return odd;
    let set = 0;
    for (const name in value) {
      const taken = members.get(name)?.(value[name], depth + 1) ?? odd;
      if (taken === odd) return odd;
      if (taken !== value[name]) value[name] = taken;
      set++;
    }
    return shape.union && set > 1 ? odd : value;
  };
}

function mapTaker(shape: MapShape): Take {
  const take = lazily(shape.value.shape);
  return (value, depth) => {
    if (!isObject(value) || depth > maximumDepth) return odd;
    for (const key in value) {
      const taken = take(value[key], depth + 1);
      if (taken === odd) return odd;
      if (taken !== value[key]) value[key] = taken;
    }
    return value;
  };
}

function listTaker(shape: ListShape): Take {
  const take = lazily(shape.element.shape);
  return (value, depth) => {
    if (!Array.isArray(value) || depth > maximumDepth) return odd;
    for (let index = 0; index < value.length; index++) {
      const taken = take(value[index], depth + 1);
      if (taken === odd) return odd;
      if (taken !== value[index]) value[index] = taken;
    }
    return value;
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function takeTimestamp(value: unknown): unknown {
  if (typeof value === 'number') return parseEpoch(value) ?? odd;
  return typeof value === 'string' ? (parseIso(value) ?? parseHttpDate(value) ?? odd) : odd;
}
