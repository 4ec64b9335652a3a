// All streams' event logs: opened when first asked for, removed with their streams.
import type { Journal } from '#drivers/journal.ts';
import type { Log } from '#kernel/log.ts';
import { EventLog } from './event-log.ts';

export interface EventLogs {
  /** The event log in a journal; one object for each. */
  open(journal: string): Promise<EventLog>;
  /** Bytes that a journal takes. */
  size(journal: string): Promise<number>;
  /** Removes journals whose streams are gone. */
  remove(journals: readonly string[]): Promise<void>;
}

/** Event logs over a journal driver. */
export function createEventLogs(journal: Journal, log: Log): EventLogs {
  const opened = new Map<string, Promise<EventLog>>();
  return {
    open(name) {
      let events = opened.get(name);
      if (!events) {
        events = EventLog.open(journal, name);
        opened.set(name, events);
        events.then(
          ({ damaged }) => {
            if (damaged > 0) log.error('a log stream has lines that can no longer be read', { journal: name, damaged });
          },
          () => opened.delete(name),
        );
      }
      return events;
    },
    size: (name) => journal.size(name),
    async remove(names) {
      for (const name of names) opened.delete(name);
      await Promise.all(names.map((name) => journal.remove(name)));
    },
  };
}
