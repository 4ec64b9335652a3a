// A set of strings that is always in order, so that a prefix is found without looking at the rest.

/** Chunks are split beyond this size: small enough to insert into, large enough that there are few. */
const chunkLimit = 512;

/** Ordered by UTF-16 code unit, as JavaScript compares strings. */
export class SortedKeys {
  /** Sorted chunks, none empty, every key of one before every key of the next. */
  readonly #chunks: string[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds `key`; nothing happens where it is there already. */
  add(key: string): void {
    if (this.#chunks.length === 0) this.#chunks.push([]);
    const at = Math.min(this.#chunkOf(key), this.#chunks.length - 1);
    const chunk = this.#chunks[at]!;
    const index = lowerBound(chunk.length, (i) => chunk[i]! < key);
    if (chunk[index] === key) return;
    chunk.splice(index, 0, key);
    this.#size += 1;
    if (chunk.length > chunkLimit) this.#chunks.splice(at + 1, 0, chunk.splice(chunkLimit >> 1));
  }

  /** Removes `key`; nothing happens where it is not there. */
  delete(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (!chunk) return;
    const index = lowerBound(chunk.length, (i) => chunk[i]! < key);
    if (chunk[index] !== key) return;
    chunk.splice(index, 1);
    this.#size -= 1;
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** The keys that start with `prefix`, in order: `limit` at most, of those that come after `after`. */
  startingWith(prefix: string, after?: string, limit = Infinity): string[] {
    const found: string[] = [];
    const isBefore = (key: string) => key < prefix || (after !== undefined && key <= after);
    const first = lowerBound(this.#chunks.length, (i) => isBefore(this.#chunks[i]!.at(-1)!));
    for (let at = first; at < this.#chunks.length; at += 1) {
      const chunk = this.#chunks[at]!;
      for (let i = lowerBound(chunk.length, (index) => isBefore(chunk[index]!)); i < chunk.length; i += 1) {
        const key = chunk[i]!;
        if (found.length >= limit || !key.startsWith(prefix)) return found;
        found.push(key);
      }
    }
    return found;
  }

  /** The first chunk whose last key is not before `key`. */
  #chunkOf(key: string): number {
    return lowerBound(this.#chunks.length, (i) => this.#chunks[i]!.at(-1)! < key);
  }
}

/** The first index of `length` for which `before` is false. */
function lowerBound(length: number, before: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
