// One reconciler's keys: which are dirty, running, or waiting for their time.
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { fraction } from './random.ts';
import type { Random } from './random.ts';
import type { Reconciler } from './reconciler.ts';
import type { Change, Reader } from './store.ts';

export interface LaneOptions {
  readonly read: <R>(work: (reader: Reader) => R) => R;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** No step begins once it has aborted. */
  readonly signal: AbortSignal;
}

interface Failure {
  readonly count: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

interface Wait {
  /** Epoch milliseconds. */
  readonly due: number;
  readonly cancel: AbortController;
}

const defaultConcurrency = 16;
/** Milliseconds after a first failure; twice as many after each further one. */
const shortestBackoff = 250;
/** With the jitter on top, at most 30 seconds. */
const longestBackoff = 20_000;
/** Timers take no more than 24 days; a step too early does no harm. */
const longestWait = 86_400_000;

/** A key is never run twice at once: dirtied while it runs, it runs again afterwards. */
export class Lane {
  readonly #reconciler: Reconciler;
  readonly #options: LaneOptions;
  readonly #log: Log;
  /** In the order in which they became so. */
  readonly #dirty = new Set<string>();
  readonly #running = new Set<string>();
  /** Running, and dirtied meanwhile. */
  readonly #again = new Set<string>();
  readonly #waits = new Map<string, Wait>();
  readonly #failures = new Map<string, Failure>();
  #idlers: (() => void)[] = [];

  constructor(reconciler: Reconciler, options: LaneOptions) {
    this.#reconciler = reconciler;
    this.#options = options;
    this.#log = options.log.with({ reconciler: reconciler.name });
    options.signal.addEventListener('abort', () => this.#stop(), { once: true });
  }

  /** Whether no key is dirty or running. */
  get isIdle(): boolean {
    return this.#dirty.size === 0 && this.#running.size === 0;
  }

  /** Resolves once the lane is idle; after the signal's abort that is for good. */
  idle(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise((resolve) => this.#idlers.push(resolve));
  }

  markConcerned(change: Change): void {
    if (!this.#reconciler.watches.includes(change.kind)) return;
    try {
      const keys = this.#options.read((reader) => this.#reconciler.concerns(change, reader));
      for (const key of keys) this.#mark(key);
    } catch (error) {
      this.#log.error('cannot tell whom a change concerns: all', { error, kind: change.kind, key: change.key });
      this.markAll();
    }
  }

  markAll(): void {
    try {
      const keys = this.#options.read((reader) => this.#reconciler.all(reader));
      for (const key of keys) this.#mark(key);
    } catch (error) {
      this.#log.error('cannot list the keys; trying again at the next resync', { error });
    }
  }

  #mark(key: string): void {
    if (this.#options.signal.aborted) return;
    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    const failure = this.#failures.get(key);
    // A change brings a retry forward, but not without end: a failing step may well write what dirties its own key.
    const soonest = failure ? failure.at + shortestBackoff - this.#now() : 0;
    if (soonest > 0) this.#wait(key, soonest);
    else this.#enqueue(key);
  }

  #enqueue(key: string): void {
    this.#waits.get(key)?.cancel.abort();
    this.#waits.delete(key);
    this.#dirty.add(key);
    this.#pump();
  }

  /** Enqueues `key` in `ms` milliseconds, unless it is due sooner already. */
  #wait(key: string, ms: number): void {
    const present = this.#waits.get(key);
    const due = this.#now() + Math.min(ms, longestWait);
    if (this.#options.signal.aborted || (present && present.due <= due)) return;
    present?.cancel.abort();
    const cancel = new AbortController();
    this.#waits.set(key, { due, cancel });
    void this.#options.clock.sleep(due - this.#now(), cancel.signal).then(() => {
      if (!cancel.signal.aborted) this.#enqueue(key);
    });
  }

  #pump(): void {
    const { concurrency = defaultConcurrency } = this.#reconciler;
    for (const key of this.#dirty) {
      if (this.#options.signal.aborted || this.#running.size >= concurrency) return;
      this.#dirty.delete(key);
      this.#running.add(key);
      void this.#step(key);
    }
  }

  async #step(key: string): Promise<void> {
    const { signal } = this.#options;
    let next: number | undefined;
    let failed = false;
    try {
      next = (await this.#reconciler.reconcile(key, signal))?.againIn;
      this.#failures.delete(key);
    } catch (error) {
      failed = true;
      next = this.#fail(key, error);
    }
    this.#running.delete(key);
    const again = this.#again.delete(key);
    if (!signal.aborted) {
      if (again && failed) this.#wait(key, shortestBackoff);
      else if (again) this.#enqueue(key);
      else if (next !== undefined) this.#wait(key, next);
    }
    this.#pump();
    if (this.isIdle) for (const idler of this.#idlers.splice(0)) idler();
  }

  /** Notes a failure; returns milliseconds until the retry. */
  #fail(key: string, error: unknown): number | undefined {
    if (this.#options.signal.aborted) {
      this.#log.debug('a step ended as the queue stopped', { key, error });
      return undefined;
    }
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    this.#failures.set(key, { count, at: this.#now() });
    const backoff = Math.min(shortestBackoff * 2 ** (count - 1), longestBackoff);
    const retryIn = Math.round(backoff * (1 + fraction(this.#options.random) / 2));
    this.#log.warn('a step failed', { key, error, failures: count, retryIn });
    return retryIn;
  }

  #stop(): void {
    this.#dirty.clear();
    for (const { cancel } of this.#waits.values()) cancel.abort();
    this.#waits.clear();
    if (this.isIdle) for (const idler of this.#idlers.splice(0)) idler();
  }

  #now(): number {
    return this.#options.clock.now().getTime();
  }
}
