// Operations on log streams.
import type { LogStream } from '@aws-sdk/client-cloudwatch-logs';
import type { Context, In, Operations } from '#aws/service.ts';
import type { Scope } from '#kernel/arn.ts';
import { hexId } from '#kernel/id.ts';
import type { Random } from '#kernel/random.ts';
import type { Reader, Resource, Store, Tx } from '#kernel/store.ts';
import type { EventLogs } from './event-logs.ts';
import { invalidParameter, invalidValue, streamExists, streamNotFound } from './errors.ts';
import { requireGroup } from './groups.ts';
import { logStreamKind, nothingObserved, streamKey, type LogStreamSpec } from './kinds.ts';
import { describeLimit } from './limits.ts';
import { checkStreamName, groupArn, groupNameOf, streamArn } from './names.ts';

/** The stream, which must exist, and its group too. */
export function requireStream(reader: Reader, scope: Scope, groupName: string, streamName: string): LogStreamSpec {
  requireGroup(reader, scope, groupName);
  const stream = reader.get(logStreamKind, streamKey(scope, groupName, streamName));
  if (!stream) throw streamNotFound();
  return stream.spec;
}

/** The name and birth of a stream to be made. */
interface NewStream {
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly createdAt: number;
}

/** Makes a stream with a journal of its own. */
export function putStream(tx: Tx, scope: Scope, stream: NewStream, random: Random): LogStreamSpec {
  const spec: LogStreamSpec = { account: scope.account, region: scope.region, ...stream, journal: hexId(random) };
  const key = streamKey(scope, stream.logGroupName, stream.logStreamName);
  return tx.put(logStreamKind, key, { spec, status: nothingObserved }).spec;
}

/** The operations. */
export function streamOperations(store: Store, eventLogs: EventLogs, random: Random) {
  return {
    CreateLogStream: {
      accepts: { logGroupName: true, logStreamName: true },
      resource: (input, context) => groupArn({ ...context, logGroupName: input.logGroupName! }),
      run(input, tx, context) {
        const logGroupName = input.logGroupName!;
        const logStreamName = input.logStreamName!;
        checkStreamName(logStreamName);
        requireGroup(tx, context, logGroupName);
        if (tx.get(logStreamKind, streamKey(context, logGroupName, logStreamName))) throw streamExists();
        putStream(tx, context, { logGroupName, logStreamName, createdAt: context.now.getTime() }, random);
        return {};
      },
    },
    DeleteLogStream: {
      accepts: { logGroupName: true, logStreamName: true },
      resource: (input, context) => groupArn({ ...context, logGroupName: input.logGroupName! }),
      run(input, tx, context) {
        requireStream(tx, context, input.logGroupName!, input.logStreamName!);
        tx.delete(logStreamKind, streamKey(context, input.logGroupName!, input.logStreamName!));
        return {};
      },
    },
    DescribeLogStreams: {
      accepts: {
        logGroupName: true,
        logGroupIdentifier: true,
        logStreamNamePrefix: true,
        orderBy: true,
        descending: true,
        limit: true,
        nextToken: true,
      },
      perform: (input, context) => describeStreams(store, eventLogs, input, context),
    },
  } satisfies Operations<'logs'>;
}

const orders = ['LastEventTime', 'LogStreamName'];

async function describeStreams(
  store: Store,
  eventLogs: EventLogs,
  input: In<'logs', 'DescribeLogStreams'>,
  context: Context,
) {
  const groupName = groupNameOf(context, input);
  const { orderBy = 'LogStreamName' } = input;
  if (!orders.includes(orderBy)) {
    throw invalidValue(orderBy, 'orderBy', `Member must satisfy enum value set: [${orders.join(', ')}]`);
  }
  const byTime = orderBy === 'LastEventTime';
  if (byTime && input.logStreamNamePrefix !== undefined) {
    throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.');
  }
  const streams = await streamsOf(store, context, groupName);
  const wanted = streams.filter((stream) => stream.logStreamName.startsWith(input.logStreamNamePrefix ?? ''));
  const ordered = await order(wanted, eventLogs, { byTime, descending: input.descending ?? false });
  const page = context.page(ordered, (item) => item.place, {
    token: input.nextToken,
    limit: describeLimit(input.limit),
  });
  const logStreams = await Promise.all(page.items.map((item) => describeStream(item.stream, eventLogs)));
  return { logStreams, nextToken: page.nextToken };
}

async function streamsOf(store: Store, context: Context, groupName: string): Promise<LogStreamSpec[]> {
  const streams = store.read((reader) => {
    const group = requireGroup(reader, context, groupName);
    return reader.by(logStreamKind, 'group', group.key);
  });
  await store.durable();
  return streams.map((stream: Resource<LogStreamSpec, unknown>) => stream.spec);
}

/** A stream and its place in the order asked for: a string that ascends. */
interface Ordered {
  readonly stream: LogStreamSpec;
  readonly place: string;
}

async function order(
  streams: readonly LogStreamSpec[],
  eventLogs: EventLogs,
  by: { readonly byTime: boolean; readonly descending: boolean },
): Promise<Ordered[]> {
  const sortKey = async (stream: LogStreamSpec): Promise<string> => {
    if (!by.byTime) return stream.logStreamName;
    const summary = (await eventLogs.open(stream.journal)).summary();
    return `${String(summary.lastTimestamp ?? 0).padStart(15, '0')} ${stream.logStreamName}`;
  };
  const keyed = await Promise.all(streams.map(async (stream) => ({ stream, key: await sortKey(stream) })));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1) * (by.descending ? -1 : 1));
  // Descending names have no ascending form of their own: their rank is one.
  return keyed.map(({ stream, key }, rank) => ({ stream, place: by.descending ? String(rank).padStart(9, '0') : key }));
}

async function describeStream(spec: LogStreamSpec, eventLogs: EventLogs): Promise<LogStream> {
  const summary = (await eventLogs.open(spec.journal)).summary();
  return {
    logStreamName: spec.logStreamName,
    arn: streamArn(spec),
    creationTime: spec.createdAt,
    firstEventTimestamp: summary.firstTimestamp,
    lastEventTimestamp: summary.lastTimestamp,
    lastIngestionTime: summary.lastIngestionTime,
    uploadSequenceToken: String(summary.count + 1),
    // AWS gives 0 for every stream since 2019.
    storedBytes: 0,
  };
}
