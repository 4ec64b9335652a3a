// Time, as everything in Berth sees it: real here, virtual in test/sim.
import { setTimeout as delay } from 'node:timers/promises';

/** The only source of time. */
export interface Clock {
  /** The current instant. */
  now(): Date;
  /** Resolves after `ms` milliseconds, or at once (without an error) when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, { signal });
    } catch (thrown) {
      if (!signal?.aborted) throw thrown;
    }
  },
};
