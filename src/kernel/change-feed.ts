// Hands durable changes to those who watch, each at its own pace.
import type { Change } from './store.ts';

/** Every watcher has a queue of its own without a bound: nobody waits for a slow one, and nothing is left out. */
export class ChangeFeed {
  readonly #watchers = new Set<Watcher>();

  publish(changes: readonly Change[]): void {
    for (const watcher of this.#watchers) for (const change of changes) watcher.push(change);
  }

  /** The changes of `kinds` that are published from now on, in order, until `signal` aborts or the feed ends. */
  watch(kinds: readonly string[], signal: AbortSignal): AsyncIterable<Change> {
    const watcher = new Watcher(new Set(kinds), () => {
      this.#watchers.delete(watcher);
      signal.removeEventListener('abort', abort);
    });
    const abort = () => watcher.end();
    this.#watchers.add(watcher);
    if (signal.aborted) watcher.end();
    else signal.addEventListener('abort', abort, { once: true });
    return watcher;
  }

  /** Ends every watch. */
  end(): void {
    for (const watcher of this.#watchers) watcher.end();
  }
}

class Watcher implements AsyncIterable<Change>, AsyncIterator<Change> {
  readonly #kinds: ReadonlySet<string>;
  readonly #onEnd: () => void;
  /** What is read, from the front; then `#incoming` takes its place: shift() on one long array is slow. */
  #outgoing: Change[] = [];
  #incoming: Change[] = [];
  #waiting: ((result: IteratorResult<Change>) => void)[] = [];
  #ended = false;

  constructor(kinds: ReadonlySet<string>, onEnd: () => void) {
    this.#kinds = kinds;
    this.#onEnd = onEnd;
  }

  push(change: Change): void {
    if (!this.#kinds.has(change.kind)) return;
    const waiting = this.#waiting.shift();
    if (waiting) waiting({ value: change, done: false });
    else this.#incoming.push(change);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    [this.#outgoing, this.#incoming] = [[], []];
    this.#onEnd();
    for (const waiting of this.#waiting.splice(0)) waiting({ value: undefined, done: true });
  }

  async next(): Promise<IteratorResult<Change>> {
    if (this.#ended) return { value: undefined, done: true };
    if (this.#outgoing.length === 0) [this.#outgoing, this.#incoming] = [this.#incoming.toReversed(), []];
    const change = this.#outgoing.pop();
    if (change) return { value: change, done: false };
    return await new Promise((resolve) => this.#waiting.push(resolve));
  }

  async return(): Promise<IteratorResult<Change>> {
    this.end();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): AsyncIterator<Change> {
    return this;
  }
}
