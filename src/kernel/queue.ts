// Runs reconcilers: the store's changes, and now and then all keys, into each one's lane.
import type { Clock } from './clock.ts';
import { Lane } from './lane.ts';
import type { Log } from './log.ts';
import type { Random } from './random.ts';
import type { Reconciler } from './reconciler.ts';
import type { Store } from './store.ts';

export interface QueueOptions {
  readonly store: Store;
  readonly reconcilers: readonly Reconciler[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Stops the queue; steps that run are told. */
  readonly signal: AbortSignal;
  /** Milliseconds between two passes over all keys, which mend what a wrong `concerns` left out; five minutes when absent. */
  readonly resyncEvery?: number;
}

export interface Queue {
  /** Resolves once the signal has aborted (or the store has ended) and no step is running any more. */
  readonly stopped: Promise<void>;
  /**
   * Resolves once all that was written has been seen and no key is dirty or running. Keys that wait for their time
   * (`againIn`, backoff) count as idle. For tests.
   */
  idle(): Promise<void>;
}

const fiveMinutes = 300_000;

/** Starts at once, with every key of every reconciler. */
export function startQueue(options: QueueOptions): Queue {
  const { store, reconcilers, clock, resyncEvery = fiveMinutes } = options;
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  // The watch begins before the first pass over all keys, so that nothing falls between the two.
  const changes = store.watch([...new Set(reconcilers.flatMap(({ watches }) => watches))], signal);
  const lanes = reconcilers.map((reconciler) => {
    return new Lane(reconciler, { ...options, signal, read: (work) => store.read(work) });
  });

  async function follow(): Promise<void> {
    for await (const change of changes) for (const lane of lanes) lane.markConcerned(change);
    ended.abort();
  }

  async function resync(): Promise<void> {
    while (!signal.aborted) {
      for (const lane of lanes) lane.markAll();
      await clock.sleep(resyncEvery, signal);
    }
  }

  async function run(): Promise<void> {
    await Promise.all([follow(), resync()]);
    await Promise.all(lanes.map((lane) => lane.idle()));
  }

  async function idle(): Promise<void> {
    do {
      await Promise.all(lanes.map((lane) => lane.idle()));
      await store.durable();
      // Promises settle before the event loop goes on, so by then every durable change has marked its keys.
      await new Promise((resolve) => setImmediate(resolve));
    } while (!lanes.every((lane) => lane.isIdle));
  }

  return { stopped: run(), idle };
}
