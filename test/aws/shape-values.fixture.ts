// Random values of the models' shapes, small and repeatable from a seed.
import type { Member, Shape, StructureShape } from '#aws/shape.ts';

/** What a protocol cannot carry, so that no value has it. */
export interface Limits {
  /** Neither empty lists and maps nor structures without a member: nothing of them stands in a form or in XML. */
  readonly noEmpty: boolean;
  /** Text without control characters, and neither empty nor with space at its ends: XML parsers of clients drop those. */
  readonly plainText: boolean;
}

/** A source of chance (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 <= x < 1 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

const words = [
  'a',
  'flask-api',
  'Ünïcode',
  '日本',
  '😀',
  'a&b<c>"d\'',
  'x=y&z',
  '100%',
  'a+b',
  'arn:aws:iam::1:role/x',
  '{"a":1}',
  '0',
  'true',
];
const oddWords = ['', ' ', ' lead', 'trail ', 'tab\there', 'line\nbreak', 'cr\rlf\r\n', '\\', '\u0007', '\u2028'];
const headerWords = ['a', 'flask-api', 'x=y', 'text/plain', '"quoted"', 'a/b c', '0', 'some;thing'];

/** The token that clients would make up themselves, and the payload that S3's replies never lack. */
const alwaysSet = ['idempotencyToken', 'httpPayload'];

/** Makes values: `chance` decides, `size` (0, 1, 2) bounds how many optional members and elements there are. */
export class ShapeValues {
  readonly #chance: Chance;
  readonly #size: number;
  readonly #limits: Limits;

  constructor(chance: Chance, size: number, limits: Limits) {
    this.#chance = chance;
    this.#size = size;
    this.#limits = limits;
  }

  /** A structure, or `{}` for an operation without input or output. `skip` names members that stay unset. */
  structure(shape: Shape, skip: (member: Member) => boolean = () => false): Record<string, unknown> {
    return shape.kind === 'structure'
      ? this.#members({ ...shape, members: shape.members.filter((m) => !skip(m)) }, 0)
      : {};
  }

  #members(shape: StructureShape, depth: number): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    const usable = shape.members.filter((member) => this.#possible(member.shape));
    if (usable.length === 0) return found;
    if (shape.union) return this.#set(found, this.#chance.pick(usable), depth);
    for (const member of usable) {
      if (member.required || alwaysSet.some((trait) => member.traits[trait] !== undefined))
        this.#set(found, member, depth);
    }
    const optional = Math.min(usable.length, depth > 3 ? 0 : (this.#size + 1) * 3);
    for (let i = 0; i < optional; i++) this.#set(found, this.#chance.pick(usable), depth);
    if (this.#limits.noEmpty && Object.keys(found).length === 0) this.#set(found, this.#chance.pick(usable), depth);
    return found;
  }

  #set(found: Record<string, unknown>, member: Member, depth: number): Record<string, unknown> {
    found[member.name] ??= this.#isInHeader(member) ? this.#headerValue(member) : this.#value(member.shape, depth + 1);
    return found;
  }

  #possible(shape: Shape): boolean {
    return !(this.#limits.noEmpty && shape.kind === 'structure' && shape.members.length === 0);
  }

  #isInHeader(member: Member): boolean {
    return ['httpHeader', 'httpPrefixHeaders'].some((trait) => member.traits[trait] !== undefined);
  }

  #headerValue(member: Member): unknown {
    if (member.shape.kind === 'map') return { one: this.#chance.pick(headerWords), 'two-2': 'value' };
    return this.#simple(member.shape.kind === 'list' ? { ...member.shape } : member.shape, headerWords);
  }

  #value(shape: Shape, depth: number): unknown {
    switch (shape.kind) {
      case 'structure':
        return this.#members(shape, depth);
      case 'list':
        return Array.from({ length: this.#length(depth) }, () => this.#value(shape.element.shape, depth + 1));
      case 'map':
        return Object.fromEntries(
          Array.from({ length: this.#length(depth) }, (_, i) => [
            `${this.#text(words)}${i}`,
            this.#value(shape.value.shape, depth + 1),
          ]),
        );
      default:
        return this.#simple(shape, this.#limits.plainText ? words : [...words, ...oddWords]);
    }
  }

  #length(depth: number): number {
    const least = this.#limits.noEmpty ? 1 : 0;
    return depth > 4 ? least : least + this.#chance.below(this.#size + 1);
  }

  #text(from: readonly string[]): string {
    return this.#chance.pick(from) + (this.#chance.next() < 0.3 ? this.#chance.pick(from) : '');
  }

  #simple(shape: Shape, texts: readonly string[]): unknown {
    switch (shape.kind) {
      case 'list':
        return [this.#simple(shape.element.shape, texts), this.#simple(shape.element.shape, texts)];
      case 'number':
        return this.#chance.next() < 0.1 ? this.#chance.below(1000) / 8 : this.#chance.below(2_000_000) - 1000;
      case 'boolean':
        return this.#chance.next() < 0.5;
      case 'timestamp':
        return new Date(this.#chance.below(2_000_000_000) * 1000);
      case 'blob':
        return Uint8Array.from({ length: 1 + this.#chance.below(20) }, () => this.#chance.below(256));
      case 'document':
        return { text: this.#text(words), list: [1, true, { deep: 'x' }] };
      default:
        return this.#text(texts);
    }
  }
}
