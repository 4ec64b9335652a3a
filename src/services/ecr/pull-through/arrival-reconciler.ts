// Sees arrivals through whose pullers did not fetch all of them: cancelled pulls, and restarts.
import { UpstreamError } from '#drivers/upstream-registry.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Reconciler } from '#kernel/reconciler.ts';
import type { Store } from '#kernel/store.ts';
import { arrivalKind } from './kinds.ts';
import type { PullThrough } from './cache.ts';
import { freshMs } from './plan-pull.ts';

/** A puller gets this long to ask for the next blob itself: it then sees it as it comes, not when it is there. */
const headStartMs = 3000;

export function createArrivalReconciler(parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly pullThrough: PullThrough;
}): Reconciler {
  const { store, clock, log, pullThrough } = parts;
  const giveUp = (key: string) => store.write((tx) => tx.delete(arrivalKind, key));
  return {
    name: 'ecr/arrival',
    watches: [arrivalKind.name],
    concurrency: 4,
    concerns: ({ key, after }) => (after === undefined ? [] : [key]),
    all: (reader) => reader.list(arrivalKind).map(({ key }) => key),
    async reconcile(key) {
      const arrival = store.read((reader) => reader.get(arrivalKind, key));
      if (arrival === undefined) return undefined;
      const age = clock.now().getTime() - arrival.spec.arrivedAt;
      const idle = pullThrough.idleFor(arrival);
      if (idle < headStartMs) return { againIn: headStartMs - idle };
      if (age >= freshMs) {
        log.warn('an image of another registry could not be completed within a day; it is forgotten', { key });
        await giveUp(key);
        return undefined;
      }
      try {
        await pullThrough.complete(key);
      } catch (thrown) {
        if (!(thrown instanceof UpstreamError)) throw thrown;
        if (isPassing(thrown)) {
          await noteFailure(store, key, thrown.message);
          throw thrown;
        }
        log.warn('an image of another registry cannot be had whole; it is forgotten', { key, error: thrown });
        await giveUp(key);
      }
      return undefined;
    },
  };
}

/** Until it comes through after all, a tag's earlier image is served instead. */
function noteFailure(store: Store, key: string, failure: string): Promise<void> {
  return store.write((tx) => {
    if (tx.get(arrivalKind, key) !== undefined) tx.setStatus(arrivalKind, key, { failure });
  });
}

function isPassing({ reason }: UpstreamError): boolean {
  return reason === 'unreachable' || reason === 'rate-limited';
}
