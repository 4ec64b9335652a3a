// Decides by a seed which of many things that go on at once takes its next step.
import type { Clock } from '#kernel/clock.ts';
import { fraction, type Random } from '#kernel/random.ts';

/** A clock that shows what it is set to, and gates at which whoever comes waits until the seed lets it through. */
export class Interleaver implements Clock {
  readonly #random: Random;
  #waiting: (() => void)[] = [];
  #now = Date.parse('2026-01-01T00:00:00Z');

  constructor(random: Random) {
    this.#random = random;
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** Takes `ms` steps, and at least one. */
  async sleep(ms: number): Promise<void> {
    for (let left = Math.max(ms, 1); left > 0; left -= 1) await this.gate();
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  gate(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise;
  }

  /** A whole number from 0 to `below` - 1. */
  pick(below: number): number {
    return Math.floor(fraction(this.#random) * below);
  }

  /** Lets one thing take its next step, and all happen that needs no gate. */
  async step(): Promise<void> {
    await settle();
    const [next] = this.#waiting.splice(this.pick(this.#waiting.length), 1);
    next?.();
    await settle();
  }

  /** Steps until all of this is over. */
  async finish(work: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    const end = (): void => over.abort();
    void work.then(end, end);
    await settle();
    while (!over.signal.aborted) await this.step();
  }
}

/** The microtask queue is empty before the event loop comes to a setImmediate. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
