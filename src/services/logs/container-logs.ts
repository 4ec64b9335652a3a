// Containers' output as log events: the port that the node's log shipping goes through.
import type { Clock } from '#kernel/clock.ts';
import type { Random } from '#kernel/random.ts';
import type { Store } from '#kernel/store.ts';
import type { EventLogs } from './event-logs.ts';
import { groupNotFound } from './errors.ts';
import { groupKey, logGroupKind, logStreamKind, nothingObserved, streamKey } from './kinds.ts';
import { checkDestination } from './names.ts';
import type { ContainerLogs, LogDestination } from './ports.ts';
import { putStream, requireStream } from './streams.ts';

interface Parts {
  readonly store: Store;
  readonly eventLogs: EventLogs;
  readonly clock: Clock;
  readonly random: Random;
}

/** Makes the port. */
export function createContainerLogs({ store, eventLogs, clock, random }: Parts): ContainerLogs {
  return {
    async open(destination) {
      checkDestination(destination);
      const stream = await store.write((tx) => {
        const key = streamKey(destination, destination.logGroupName, destination.logStreamName);
        const existing = tx.get(logStreamKind, key);
        if (existing) return existing.spec;
        const createdAt = clock.now().getTime();
        const { account, region, logGroupName, logStreamName } = destination;
        if (!tx.get(logGroupKind, groupKey(destination, logGroupName))) {
          if (!destination.createGroup) throw groupNotFound();
          const spec = { account, region, logGroupName, createdAt, tags: {} };
          tx.put(logGroupKind, groupKey(destination, logGroupName), { spec, status: nothingObserved });
        }
        return putStream(tx, destination, { logGroupName, logStreamName, createdAt }, random);
      });
      return (await eventLogs.open(stream.journal)).position;
    },
    async append(destination, lines) {
      const log = await eventLogs.open(journalOf(store, destination));
      const ingestionTime = clock.now().getTime();
      await log.append(
        lines.map((line) => ({
          timestamp: Date.parse(line.timestamp),
          ingestionTime,
          message: line.text,
          source: line.timestamp,
        })),
      );
    },
  };
}

function journalOf(store: Store, destination: LogDestination): string {
  const { logGroupName, logStreamName } = destination;
  return store.read((reader) => requireStream(reader, destination, logGroupName, logStreamName)).journal;
}
