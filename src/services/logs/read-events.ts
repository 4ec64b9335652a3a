// GetLogEvents and FilterLogEvents: the events of one stream, page by page, and of many, merged by time.
import type { FilteredLogEvent, OutputLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import type { Context, In, Operations } from '#aws/service.ts';
import type { Store } from '#kernel/store.ts';
import { comparePlaces, type Place, type PlacedEvent, type TimeRange } from './event-log.ts';
import type { EventLogs } from './event-logs.ts';
import { invalidParameter, invalidToken, streamNotFound } from './errors.ts';
import { compileFilterPattern } from './filter-pattern.ts';
import { requireGroup } from './groups.ts';
import { logStreamKind, streamKey, type LogStreamSpec } from './kinds.ts';
import { checkLength, readLimit } from './limits.ts';
import { mergeStreams, type MergedEvent } from './merge-streams.ts';
import { groupArn, groupNameOf } from './names.ts';
import { batchBytes, eventOverhead } from './put-events.ts';
import { requireStream } from './streams.ts';

const mostStreams = 100;

/** The operations. */
export function readEventsOperations(store: Store, eventLogs: EventLogs) {
  return {
    // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
    GetLogEvents: {
      accepts: {
        logGroupName: true,
        logGroupIdentifier: true,
        logStreamName: true,
        startTime: true,
        endTime: true,
        limit: true,
        nextToken: true,
        startFromHead: true,
      },
      resource: (input, context) => groupArn({ ...context, logGroupName: groupNameOf(context, input) }),
      perform: (input, context) => getEvents(store, eventLogs, input, context),
    },
    // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    FilterLogEvents: {
      accepts: {
        logGroupName: true,
        logGroupIdentifier: true,
        logStreamNames: true,
        logStreamNamePrefix: true,
        startTime: true,
        endTime: true,
        filterPattern: true,
        limit: true,
        nextToken: true,
        interleaved: true,
      },
      resource: (input, context) => groupArn({ ...context, logGroupName: groupNameOf(context, input) }),
      perform: (input, context) => filterEvents(store, eventLogs, input, context),
    },
  } satisfies Operations<'logs'>;
}

async function getEvents(store: Store, eventLogs: EventLogs, input: In<'logs', 'GetLogEvents'>, context: Context) {
  const limit = readLimit(input.limit);
  const groupName = groupNameOf(context, input);
  const stream = store.read((reader) => requireStream(reader, context, groupName, input.logStreamName!));
  await store.durable();
  const range = rangeOf(input);
  const from = input.nextToken === undefined ? undefined : openCursor(context, input.nextToken);
  const forward = from ? from.direction === 'f' : (input.startFromHead ?? false);
  const events = (await eventLogs.open(stream.journal)).read(range, forward ? 'forward' : 'backward');
  const found = await take(beyond(events, from), limit);
  if (!forward) found.reverse();
  return { events: found.map(toOutput), ...cursors(context, found, { range, from, given: input.nextToken }) };
}

async function filterEvents(
  store: Store,
  eventLogs: EventLogs,
  input: In<'logs', 'FilterLogEvents'>,
  context: Context,
) {
  const limit = readLimit(input.limit);
  const matches = compileFilterPattern(input.filterPattern ?? '');
  const streams = chosenStreams(store, context, input);
  await store.durable();
  const from = input.nextToken === undefined ? undefined : openPosition(context, input.nextToken);
  const merged = mergeStreams(streams, eventLogs, rangeOf(input), from);
  const page: MergedEvent[] = [];
  let bytes = 0;
  let more = false;
  for await (const event of merged) {
    if (!matches(event.message)) continue;
    bytes += Buffer.byteLength(event.message) + eventOverhead;
    more = page.length === limit || (page.length > 0 && bytes > batchBytes);
    if (more) break;
    page.push(event);
  }
  const last = page.at(-1);
  return {
    events: page.map(toFiltered),
    searchedLogStreams: [],
    nextToken:
      more && last ? context.sealToken(JSON.stringify([last.timestamp, last.journal, last.ordinal])) : undefined,
  };
}

function rangeOf(input: { startTime?: number | undefined; endTime?: number | undefined }): TimeRange {
  return { start: input.startTime ?? 0, end: input.endTime ?? Number.MAX_SAFE_INTEGER };
}

/** A place in a stream and the way to go on from there. */
interface Cursor extends Place {
  readonly direction: 'f' | 'b';
}

function openCursor(context: Context, token: string): Cursor {
  const direction = token.slice(0, 1);
  if ((direction !== 'f' && direction !== 'b') || token[1] !== '/') throw invalidToken();
  const [timestamp, ordinal] = JSON.parse(context.openToken(token.slice(2))) as [number, number];
  return { direction, timestamp, ordinal };
}

async function* beyond(events: AsyncIterable<PlacedEvent>, from: Cursor | undefined): AsyncGenerator<PlacedEvent> {
  for await (const event of events) {
    const order = from ? comparePlaces(event, from) : 0;
    if (!from || (from.direction === 'f' ? order > 0 : order < 0)) yield event;
  }
}

async function take(events: AsyncIterable<PlacedEvent>, limit: number): Promise<PlacedEvent[]> {
  const taken: PlacedEvent[] = [];
  let bytes = 0;
  for await (const event of events) {
    bytes += Buffer.byteLength(event.message) + eventOverhead;
    if (taken.length > 0 && bytes > batchBytes) break;
    taken.push(event);
    if (taken.length >= limit) break;
  }
  return taken;
}

interface CursorSource {
  readonly range: TimeRange;
  readonly from: Cursor | undefined;
  readonly given: string | undefined;
}

/** The tokens of both directions. At the end of the stream the token that was given comes back, as AWS says. */
function cursors(context: Context, found: readonly PlacedEvent[], { range, from, given }: CursorSource) {
  const seal = (direction: 'f' | 'b', place: Place) =>
    `${direction}/${context.sealToken(JSON.stringify([place.timestamp, place.ordinal]))}`;
  const start: Place = from ?? { timestamp: range.start, ordinal: -1 };
  const nextForwardToken = seal('f', found.at(-1) ?? start);
  const nextBackwardToken = seal('b', found[0] ?? start);
  if (found.length > 0 || from === undefined) return { nextForwardToken, nextBackwardToken };
  return from.direction === 'f'
    ? { nextForwardToken: given, nextBackwardToken }
    : { nextForwardToken, nextBackwardToken: given };
}

interface Choice {
  readonly logGroupName?: string | undefined;
  readonly logGroupIdentifier?: string | undefined;
  readonly logStreamNames?: readonly string[] | undefined;
  readonly logStreamNamePrefix?: string | undefined;
}

function chosenStreams(store: Store, context: Context, choice: Choice): LogStreamSpec[] {
  const groupName = groupNameOf(context, choice);
  if (choice.logStreamNames?.length && choice.logStreamNamePrefix !== undefined) {
    throw invalidParameter('Cannot specify both logStreamNames and logStreamNamePrefix.');
  }
  if (choice.logStreamNames?.length) checkLength(choice.logStreamNames, 'logStreamNames', mostStreams);
  return store.read((reader) => {
    const group = requireGroup(reader, context, groupName);
    if (!choice.logStreamNames?.length) {
      return reader
        .by(logStreamKind, 'group', group.key)
        .map((stream) => stream.spec)
        .filter((stream) => stream.logStreamName.startsWith(choice.logStreamNamePrefix ?? ''));
    }
    return [...new Set(choice.logStreamNames)].map((name) => {
      const stream = reader.get(logStreamKind, streamKey(context, groupName, name));
      if (!stream) throw streamNotFound();
      return stream.spec;
    });
  });
}

function openPosition(context: Context, token: string) {
  const [timestamp, journal, ordinal] = JSON.parse(context.openToken(token)) as [number, string, number];
  return { timestamp, journal, ordinal };
}

function toOutput(event: PlacedEvent): OutputLogEvent {
  return { timestamp: event.timestamp, ingestionTime: event.ingestionTime, message: event.message };
}

function toFiltered(event: MergedEvent): FilteredLogEvent {
  return { ...toOutput(event), logStreamName: event.logStreamName, eventId: eventId(event) };
}

/** 56 digits, as AWS's are: the time, the stream's journal and the place in it. Unique, and the same at every reading. */
function eventId(event: MergedEvent): string {
  const journal = BigInt(`0x${event.journal.slice(0, 16)}`);
  return [
    String(event.timestamp).padStart(14, '0'),
    String(journal).padStart(20, '0'),
    String(event.ordinal).padStart(22, '0'),
  ].join('');
}
