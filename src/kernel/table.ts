// One kind's working set: its resources, their keys in order, its indexes.
import { SortedKeys } from './sorted-keys.ts';
import type { AnyKind, ListWindow, Resource } from './store.ts';
import { TextResource } from './text-resource.ts';

type Any = Resource<unknown, unknown>;

/** One of a kind's indexes. */
interface Index {
  readonly valuesOf: (resource: never) => string | readonly string[] | undefined;
  /** Value -> keys. */
  readonly filed: Map<string, SortedKeys>;
}

/** The values under which a resource is filed, for each index. */
type Filed = readonly (readonly string[])[];

const nowhere: readonly string[] = [];

/** Changed by `set` alone; lists and indexes follow at once. */
export class Table {
  readonly kind: AnyKind;
  readonly #resources = new Map<string, Any>();
  readonly #keys = new SortedKeys();
  readonly #indexes = new Map<string, Index>();

  constructor(kind: AnyKind) {
    this.kind = kind;
    for (const [name, valuesOf] of Object.entries(kind.indexes ?? {})) {
      this.#indexes.set(name, { valuesOf, filed: new Map() });
    }
  }

  get size(): number {
    return this.#resources.size;
  }

  get(key: string): Any | undefined {
    const kept = this.#resources.get(key);
    return kept instanceof TextResource ? kept.unread() : kept;
  }

  list(prefix: string, { after, limit }: ListWindow = {}): Any[] {
    return this.#keys.startingWith(prefix, after, limit).map((key) => this.get(key)!);
  }

  /** The resources filed under `value`, ordered by key. Throws where the kind has no such index. */
  by(index: string, value: string): Any[] {
    const found = this.#indexes.get(index);
    if (!found) throw new Error(`The kind ${this.kind.name} has no index ${index}`);
    const keys = found.filed.get(value);
    return keys ? keys.startingWith('').map((key) => this.get(key)!) : [];
  }

  /** Puts `next` (or nothing) in the place of `key`. If an index function throws, nothing has changed. */
  set(key: string, next: Any | undefined): void {
    const previous = this.get(key);
    const before = previous && this.#file(previous);
    const after = next && this.#file(next);
    // What its giver has read of it goes when he does.
    if (next) this.#resources.set(key, next instanceof TextResource ? next.unread() : next);
    else this.#resources.delete(key);
    if (!previous && next) this.#keys.add(key);
    if (previous && !next) this.#keys.delete(key);
    let at = 0;
    for (const { filed } of this.#indexes.values()) {
      refile(filed, key, before?.[at] ?? nowhere, after?.[at] ?? nowhere);
      at += 1;
    }
  }

  #file(resource: Any): Filed {
    const filed: (readonly string[])[] = [];
    for (const { valuesOf } of this.#indexes.values()) {
      const values = valuesOf(resource as never) ?? nowhere;
      filed.push(typeof values === 'string' ? [values] : values);
    }
    return filed;
  }
}

function refile(
  index: Map<string, SortedKeys>,
  key: string,
  before: readonly string[],
  after: readonly string[],
): void {
  for (const value of before) {
    if (after.includes(value)) continue;
    const keys = index.get(value);
    keys?.delete(key);
    if (keys?.size === 0) index.delete(value);
  }
  for (const value of after) {
    let keys = index.get(value);
    if (!keys) index.set(value, (keys = new SortedKeys()));
    keys.add(key);
  }
}
