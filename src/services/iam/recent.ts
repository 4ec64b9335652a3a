// What was worked out and may be wanted again: the most recent of it, and never more than a bound.

/** Keeps up to `capacity` values by key; the one that was not used for longest goes first. */
export class Recent<V> {
  readonly #capacity: number;
  /** In the order of their last use. */
  readonly #values = new Map<string, V>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The value kept, else the one made now. Undefined is not kept: what is made up takes no room. */
  get<M extends V | undefined>(key: string, make: () => M): V | M {
    const kept = this.#values.get(key);
    if (kept !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, kept);
      return kept;
    }
    const made = make();
    if (made === undefined) return made;
    if (this.#values.size >= this.#capacity) this.#values.delete(this.#values.keys().next().value!);
    this.#values.set(key, made);
    return made;
  }
}
