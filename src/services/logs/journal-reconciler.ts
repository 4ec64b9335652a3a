// Removes the journals of streams that are gone.
import type { Journal } from '#drivers/journal.ts';
import type { Reconciler } from '#kernel/reconciler.ts';
import type { Store } from '#kernel/store.ts';
import type { EventLogs } from './event-logs.ts';
import { logStreamKind } from './kinds.ts';

/** All orphans are removed in one step, whichever deletion called for it. */
const everyOrphan = 'orphans';

/** Makes the reconciler. */
export function createJournalReconciler(store: Store, journal: Journal, eventLogs: EventLogs): Reconciler {
  return {
    name: 'logs/journal',
    watches: [logStreamKind.name],
    concerns: (change) => (change.after === undefined ? [everyOrphan] : []),
    all: () => [everyOrphan],
    async reconcile() {
      // Names first: a journal begins only after its stream is in the store.
      const names = await journal.names();
      const wanted = new Set(store.read((reader) => reader.list(logStreamKind)).map((stream) => stream.spec.journal));
      await eventLogs.remove(names.filter((name) => !wanted.has(name)));
    },
  };
}
