// The shapes of a model as our codecs see them, read out of the SDK's schema tuples.

/** Traits by Smithy's names, a shape's own under those of the member that refers to it. */
export type Traits = Readonly<Record<string, unknown>>;

/** A reference to a shape: a structure's member, a list's element, a map's key or value. */
export interface Member {
  readonly name: string;
  readonly traits: Traits;
  readonly required: boolean;
  /** Resolved when first asked for: shapes may contain themselves. */
  readonly shape: Shape;
}

interface Named {
  readonly name: string;
  readonly namespace: string;
  readonly traits: Traits;
}

export interface SimpleShape extends Named {
  readonly kind: 'string' | 'number' | 'boolean' | 'blob' | 'document' | 'unit';
}

/** `default` is the protocol's own format. */
export type TimestampFormat = 'default' | 'date-time' | 'http-date' | 'epoch-seconds';

export interface TimestampShape extends Named {
  readonly kind: 'timestamp';
  readonly format: TimestampFormat;
}

export interface ListShape extends Named {
  readonly kind: 'list';
  readonly element: Member;
}

export interface MapShape extends Named {
  readonly kind: 'map';
  readonly key: Member;
  readonly value: Member;
}

export interface StructureShape extends Named {
  readonly kind: 'structure';
  /** Exactly one member is set. */
  readonly union: boolean;
  readonly members: readonly Member[];
}

export type Shape = SimpleShape | TimestampShape | ListShape | MapShape | StructureShape;

/** Whether values of a shape have others in them. */
export function nests({ kind }: Shape): boolean {
  return kind === 'structure' || kind === 'list' || kind === 'map';
}

/** Smithy's http trait. */
export interface HttpBinding {
  readonly method: string;
  /** `/{Key+}?acl` */
  readonly uri: string;
  readonly status: number;
}

export interface OperationModel {
  readonly name: string;
  readonly input: Shape;
  readonly output: Shape;
  readonly http?: HttpBinding;
  /** Set where the input or the output holds a stream of events, which no handler here can answer. */
  readonly eventStream: boolean;
}

/** An error that a model knows. */
export interface ErrorModel {
  readonly shape: StructureShape;
  /** The code in JSON and CBOR. */
  readonly name: string;
  /** The code in the query protocols. */
  readonly queryCode: string;
  /** The modelled HTTP status, where there is one. */
  readonly status?: number;
  readonly fault: 'client' | 'server';
}

type Tuple = readonly unknown[];

// @smithy/core/schema: translateTraits, the bits of a number that stands for traits without a value.
const traitBits = [
  'httpLabel',
  'idempotent',
  'idempotencyToken',
  'sensitive',
  'httpPayload',
  'httpResponseCode',
  'httpQueryParams',
];

function traitsOf(indicator: unknown): Traits {
  if (typeof indicator === 'object' && indicator !== null) return indicator as Traits;
  const bits = Number(indicator ?? 0);
  return bits === 0
    ? noTraits
    : Object.fromEntries(traitBits.filter((_, i) => (bits >> i) & 1).map((name) => [name, 1]));
}

const noTraits: Traits = Object.freeze({});

class LazyMember implements Member {
  readonly name: string;
  readonly required: boolean;
  readonly #reference: unknown;
  #shape: Shape | undefined;
  #traits: Traits | undefined;

  constructor(name: string, reference: unknown, required = false) {
    this.name = name;
    this.required = required;
    this.#reference = reference;
  }

  get shape(): Shape {
    return (this.#shape ??= shapeOf(this.#reference));
  }

  get traits(): Traits {
    if (this.#traits === undefined) {
      const own = isMemberTuple(this.#reference) ? traitsOf(this.#reference[1]) : noTraits;
      this.#traits = { ...this.shape.traits, ...own };
    }
    return this.#traits;
  }
}

const isMemberTuple = (reference: unknown): reference is Tuple => Array.isArray(reference) && reference.length === 2;

const shapes = new WeakMap<Tuple, Shape>();
const simples = new Map<unknown, Shape>();
const timestampFormats: readonly TimestampFormat[] = ['default', 'date-time', 'http-date', 'epoch-seconds'];
const simpleKinds: Readonly<Record<string, SimpleShape['kind']>> = {
  0: 'string',
  1: 'number',
  2: 'boolean',
  15: 'document',
  21: 'blob',
  42: 'blob',
  unit: 'unit',
};

/** The shape behind a schema reference of the SDK: a tuple, a sentinel, a function that returns one, or a pair with traits. */
function shapeOf(reference: unknown): Shape {
  if (typeof reference === 'function') return shapeOf((reference as () => unknown)());
  if (isMemberTuple(reference)) return shapeOf(reference[0]);
  if (!Array.isArray(reference)) {
    const known = simples.get(reference) ?? sentinelShape(reference);
    simples.set(reference, known);
    return known;
  }
  const tuple = reference as Tuple;
  const known = shapes.get(tuple) ?? tupleShape(tuple);
  shapes.set(tuple, known);
  return known;
}

function sentinelShape(sentinel: unknown, named: Named = { name: '', namespace: '', traits: noTraits }): Shape {
  if (typeof sentinel === 'number') {
    if (sentinel >= 128) {
      return { ...named, kind: 'map', key: new LazyMember('key', 0), value: new LazyMember('value', sentinel & 63) };
    }
    if (sentinel >= 64) return { ...named, kind: 'list', element: new LazyMember('member', sentinel & 63) };
    const format = sentinel >= 4 && sentinel <= 7 ? timestampFormats[sentinel - 4] : undefined;
    if (format !== undefined) return { ...named, kind: 'timestamp', format };
  }
  const kind = simpleKinds[String(sentinel)];
  if (kind === undefined) throw new Error(`Unknown schema sentinel ${String(sentinel)}`);
  const traits = sentinel === 42 ? { ...named.traits, streaming: 1 } : named.traits;
  return { ...named, traits, kind };
}

function tupleShape(tuple: Tuple): Shape {
  const [type, namespace, name, traits] = tuple as [number, string, string, unknown];
  const named = { name, namespace, traits: traitsOf(traits) };
  switch (type) {
    case 0: {
      const inner = shapeOf(tuple[4]);
      return { ...inner, ...named, traits: { ...inner.traits, ...named.traits } };
    }
    case 1:
      return { ...named, kind: 'list', element: new LazyMember('member', tuple[4]) };
    case 2:
      return { ...named, kind: 'map', key: new LazyMember('key', tuple[4]), value: new LazyMember('value', tuple[5]) };
    case 3:
    case 4:
    case -3: {
      const names = tuple[4] as readonly string[];
      const references = tuple[5] as Tuple;
      const required = Number(tuple[6] ?? 0);
      const members = names.map((member, i) => new LazyMember(member, references[i], i < required));
      return { ...named, kind: 'structure', union: type === 4, members };
    }
    default:
      throw new Error(`Unknown schema tuple of type ${type}: ${namespace}#${name}`);
  }
}

/** Whether an exported value of an SDK package is the schema of an operation. */
export const isOperationTuple = (value: unknown): value is Tuple => Array.isArray(value) && value[0] === 9;
/** Whether an exported value of an SDK package is the schema of an error that the service knows (each package adds one of its own). */
export const isErrorTuple = (value: unknown): value is Tuple =>
  Array.isArray(value) && value[0] === -3 && !String(value[1]).startsWith('smithy.ts.sdk.synthetic.');

const streamsEvents = (shape: Shape): boolean =>
  shape.kind === 'structure' &&
  shape.members.some((member) => member.shape.kind === 'structure' && member.traits['streaming'] !== undefined);

/** Most operations of a model are never called: their shapes are made when they are. */
class LazyOperation implements OperationModel {
  readonly name: string;
  readonly http?: HttpBinding;
  readonly #tuple: Tuple;

  constructor(tuple: Tuple) {
    this.#tuple = tuple;
    this.name = tuple[2] as string;
    const http = traitsOf(tuple[3])['http'] as [string, string, number] | undefined;
    if (http !== undefined) this.http = { method: http[0], uri: http[1], status: http[2] };
  }

  get input(): Shape {
    return shapeOf(this.#tuple[4]);
  }

  get output(): Shape {
    return shapeOf(this.#tuple[5]);
  }

  get eventStream(): boolean {
    return streamsEvents(this.input) || streamsEvents(this.output);
  }
}

export function operationOf(tuple: Tuple): OperationModel {
  return new LazyOperation(tuple);
}

export function errorOf(tuple: Tuple): ErrorModel {
  const shape = shapeOf(tuple) as StructureShape;
  const [queryCode, queryStatus] = (shape.traits['awsQueryError'] as [string, number] | undefined) ?? [shape.name];
  const status = queryStatus ?? (shape.traits['httpError'] as number | undefined);
  return {
    shape,
    name: shape.name,
    queryCode,
    fault: shape.traits['error'] === 'server' ? 'server' : 'client',
    ...(status === undefined ? {} : { status }),
  };
}
