// Turns: work about one key, one after another.

/** Runs work in the order in which it came, one piece at a time for each key. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` once everything before it for `key` is over, however that ended. */
  async take<R>(key: string, work: () => Promise<R>): Promise<R> {
    const before = this.#last.get(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(key, promise);
    try {
      await before;
      return await work();
    } finally {
      resolve();
      if (this.#last.get(key) === promise) this.#last.delete(key);
    }
  }
}
