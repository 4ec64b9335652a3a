// Many streams' events as one sequence by time.
import { comparePlaces, type PlacedEvent, type TimeRange } from './event-log.ts';
import type { EventLogs } from './event-logs.ts';
import type { LogStreamSpec } from './kinds.ts';

/** An event with the stream it is of. */
export interface MergedEvent extends PlacedEvent {
  readonly logStreamName: string;
  readonly journal: string;
}

type MergedPlace = Pick<MergedEvent, 'timestamp' | 'journal' | 'ordinal'>;

/** The next event of a stream and the rest of it. */
interface Head {
  readonly stream: LogStreamSpec;
  readonly rest: AsyncGenerator<PlacedEvent>;
  event: MergedEvent;
}

/** The events of a time range in the order of (timestamp, journal, ordinal), those after `from` only. */
export async function* mergeStreams(
  streams: readonly LogStreamSpec[],
  eventLogs: EventLogs,
  range: TimeRange,
  from: MergedPlace | undefined,
): AsyncGenerator<MergedEvent> {
  const start = from ? Math.max(range.start, from.timestamp) : range.start;
  const heads: Head[] = [];
  for (const stream of streams) {
    const rest = (await eventLogs.open(stream.journal)).read({ start, end: range.end });
    const first = await rest.next();
    if (!first.done) heads.push({ stream, rest, event: named(stream, first.value) });
  }
  while (heads.length > 0) {
    const next = earliest(heads);
    if (!from || compareMerged(next.event, from) > 0) yield next.event;
    const following = await next.rest.next();
    if (following.done) heads.splice(heads.indexOf(next), 1);
    else next.event = named(next.stream, following.value);
  }
}

function named(stream: LogStreamSpec, event: PlacedEvent): MergedEvent {
  return { ...event, logStreamName: stream.logStreamName, journal: stream.journal };
}

function earliest(heads: readonly Head[]): Head {
  return heads.reduce((best, head) => (compareMerged(head.event, best.event) < 0 ? head : best));
}

function compareMerged(a: MergedPlace, b: MergedPlace): number {
  if (a.timestamp !== b.timestamp || a.journal === b.journal) return comparePlaces(a, b);
  return a.journal < b.journal ? -1 : 1;
}
