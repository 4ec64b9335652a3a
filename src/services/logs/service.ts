// The logs service (CloudWatch Logs): groups, streams and their events.
import { defineService, type Service } from '#aws/service.ts';
import type { Journal } from '#drivers/journal.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Random } from '#kernel/random.ts';
import type { Reconciler } from '#kernel/reconciler.ts';
import type { Store } from '#kernel/store.ts';
import { createContainerLogs } from './container-logs.ts';
import { createEventLogs } from './event-logs.ts';
import { groupOperations } from './groups.ts';
import { createJournalReconciler } from './journal-reconciler.ts';
import type { ContainerLogs } from './ports.ts';
import { putEventsOperation } from './put-events.ts';
import { readEventsOperations } from './read-events.ts';
import { streamOperations } from './streams.ts';

interface Logs {
  readonly service: Service;
  readonly containerLogs: ContainerLogs;
  readonly reconcilers: readonly Reconciler[];
}

interface Parts {
  readonly store: Store;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Makes the service. */
export function createLogs({ store, journal, clock, random, log }: Parts): Logs {
  const eventLogs = createEventLogs(journal, log);
  return {
    service: defineService('logs', {
      ...groupOperations(store, eventLogs),
      ...streamOperations(store, eventLogs, random),
      ...putEventsOperation(store, eventLogs),
      ...readEventsOperations(store, eventLogs),
    }),
    containerLogs: createContainerLogs({ store, eventLogs, clock, random }),
    reconcilers: [createJournalReconciler(store, journal, eventLogs)],
  };
}
