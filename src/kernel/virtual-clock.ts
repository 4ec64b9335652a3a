// Time that stands still until it is told to move: for tests and the simulator.
import type { Clock } from './clock.ts';

interface Timer {
  readonly due: number;
  readonly ring: () => void;
}

/** How often settling looks again before it believes that nothing more will happen. */
const quietTurns = 3;

/**
 * A deterministic clock. Timers ring in order of their due time, those of the same time in the order in which they were
 * set; after each one all promises that can settle do so before the next rings. So one run is like another as long as
 * nothing waits for real time, sockets, files or threads.
 */
export class VirtualClock implements Clock {
  /** In the order in which they ring. */
  readonly #timers: Timer[] = [];
  #now: number;
  #moving = false;

  /** Time starts at `start`. */
  constructor(start: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#now = start.getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = { due: this.#now + Math.max(0, ms), ring: resolve };
    const abort = () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
      resolve();
    };
    this.#insert(timer);
    signal?.addEventListener('abort', abort, { once: true });
    await promise.finally(() => signal?.removeEventListener('abort', abort));
  }

  /** What a store takes as the end of a turn, so that its commits are part of the clock's order, too. */
  readonly turn = (): Promise<void> => this.sleep(0);

  /** Milliseconds until the next timer rings; undefined where none is set. */
  untilNext(): number | undefined {
    const next = this.#timers[0];
    return next && next.due - this.#now;
  }

  /** Lets everything happen that needs no time. */
  settle(): Promise<void> {
    return this.advance(0);
  }

  /** Moves `ms` milliseconds forward, through every timer on the way. */
  async advance(ms: number): Promise<void> {
    await this.#move(async () => {
      const end = this.#now + ms;
      while (await this.#ringNext(end));
      this.#now = end;
    });
  }

  /** Moves forward from timer to timer until `condition` holds. Rejects where it does not within `limit` milliseconds. */
  async advanceUntil(condition: () => boolean, limit: number): Promise<void> {
    await this.#move(async () => {
      const end = this.#now + limit;
      await settlePromises();
      while (!condition()) {
        if (!(await this.#ringNext(end))) throw new Error(`Still not so after ${limit} ms: ${condition}`);
        await settlePromises();
      }
    });
  }

  async #move(work: () => Promise<void>): Promise<void> {
    if (this.#moving) throw new Error('The clock is being moved already');
    this.#moving = true;
    try {
      await work();
    } finally {
      this.#moving = false;
    }
  }

  /** Rings the next timer due by `end`, once all is quiet. False where there is none. */
  async #ringNext(end: number): Promise<boolean> {
    for (let turn = 0; turn < quietTurns; turn += 1) {
      await settlePromises();
      const next = this.#timers[0];
      if (!next || next.due > end) continue;
      this.#timers.shift();
      this.#now = Math.max(this.#now, next.due);
      next.ring();
      return true;
    }
    return false;
  }

  #insert(timer: Timer): void {
    const later = this.#timers.findLastIndex(({ due }) => due <= timer.due);
    this.#timers.splice(later + 1, 0, timer);
  }
}

/** The microtask queue is empty before the event loop comes to a setImmediate. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
