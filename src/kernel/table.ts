// One kind's working set: its resources, their keys in order, its indexes.
import { SortedKeys } from './sorted-keys.ts';
import type { AnyKind, ListWindow, Resource } from './store.ts';
import { TextResource } from './text-resource.ts';

type Any = Resource<unknown, unknown>;

/** Index name -> the values under which a resource is filed. */
type Filed = ReadonlyMap<string, readonly string[]>;

const nowhere: Filed = new Map();

/** Changed by `set` alone; lists and indexes follow at once. */
export class Table {
  readonly kind: AnyKind;
  readonly #resources = new Map<string, Any>();
  readonly #keys = new SortedKeys();
  /** Index name -> value -> keys. */
  readonly #indexes = new Map<string, Map<string, SortedKeys>>();

  constructor(kind: AnyKind) {
    this.kind = kind;
    for (const name of Object.keys(kind.indexes ?? {})) this.#indexes.set(name, new Map());
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
    const values = this.#indexes.get(index);
    if (!values) throw new Error(`The kind ${this.kind.name} has no index ${index}`);
    const keys = values.get(value);
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
    for (const name of this.#indexes.keys()) this.#refile(name, key, before?.get(name) ?? [], after?.get(name) ?? []);
  }

  #file(resource: Any): Filed {
    if (this.#indexes.size === 0) return nowhere;
    const filed = new Map<string, readonly string[]>();
    for (const [name, valuesOf] of Object.entries(this.kind.indexes ?? {})) {
      const values = valuesOf(resource as never);
      if (values !== undefined) filed.set(name, typeof values === 'string' ? [values] : values);
    }
    return filed;
  }

  #refile(name: string, key: string, before: readonly string[], after: readonly string[]): void {
    const index = this.#indexes.get(name)!;
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
}
