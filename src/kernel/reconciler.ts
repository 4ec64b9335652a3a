// The loop's contract: what a reconciler is. queue.ts runs them.
import type { Change, Reader } from './store.ts';

/** Ask to be called again after this many milliseconds although nothing changed. */
export interface Again {
  readonly againIn: number;
}

/** Brings one kind of thing from what is to what is wanted, a step at a time. */
export interface Reconciler {
  /** For logs: `ecs/task`. */
  readonly name: string;
  /** The kinds whose changes concern it. */
  readonly watches: readonly string[];
  /** How many keys it works on at once; 16 when absent. */
  readonly concurrency?: number;
  /** The keys that a change makes dirty. */
  concerns(change: Change, reader: Reader): string[];
  /** Every key, at start and at resync. */
  all(reader: Reader): string[];
  /**
   * One idempotent step for one key; never called twice at once for the same key. A throw is retried with backoff
   * (and must already stand in a status that users see).
   */
  reconcile(key: string, signal: AbortSignal): Promise<Again | void>;
}
