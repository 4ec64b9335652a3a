// Operations on log groups.
import type { LogGroup } from '@aws-sdk/client-cloudwatch-logs';
import type { Context, In, Operations } from '#aws/service.ts';
import type { Scope } from '#kernel/arn.ts';
import type { Reader, Resource, Store, Tx } from '#kernel/store.ts';
import type { EventLogs } from './event-logs.ts';
import { groupExists, groupNotFound, invalidParameter } from './errors.ts';
import { groupKey, logGroupKind, logStreamKind, nothingObserved, streamKey, type LogGroupSpec } from './kinds.ts';
import { describeLimit } from './limits.ts';
import { checkGroupName, groupArn, groupNameOfArn } from './names.ts';

/** The group, which must exist. */
export function requireGroup(reader: Reader, scope: Scope, name: string): Resource<LogGroupSpec, unknown> {
  const group = reader.get(logGroupKind, groupKey(scope, name));
  if (!group) throw groupNotFound();
  return group;
}

/** The operations; stored bytes are read from the event logs. */
export function groupOperations(store: Store, eventLogs: EventLogs) {
  return {
    CreateLogGroup: {
      accepts: { logGroupName: true, tags: true, logGroupClass: true },
      resource: (input, context) => groupArn({ ...context, logGroupName: input.logGroupName! }),
      run: createGroup,
    },
    DeleteLogGroup: {
      accepts: { logGroupName: true },
      resource: (input, context) => groupArn({ ...context, logGroupName: input.logGroupName! }),
      run(input, tx, context) {
        const group = requireGroup(tx, context, input.logGroupName!);
        for (const stream of tx.by(logStreamKind, 'group', group.key)) {
          tx.delete(logStreamKind, streamKey(context, input.logGroupName!, stream.spec.logStreamName));
        }
        tx.delete(logGroupKind, group.key);
        return {};
      },
    },
    DescribeLogGroups: {
      accepts: { logGroupNamePrefix: true, logGroupNamePattern: true, limit: true, nextToken: true },
      async perform(input, context) {
        if (input.logGroupNamePrefix !== undefined && input.logGroupNamePattern !== undefined) {
          throw invalidParameter('LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.');
        }
        const found = store.read((reader) => reader.list(logGroupKind, groupKey(context, '')));
        await store.durable();
        const wanted = found
          .filter((group) => group.spec.logGroupName.startsWith(input.logGroupNamePrefix ?? ''))
          .filter((group) => matchesPattern(group.spec.logGroupName, input.logGroupNamePattern));
        const page = context.page(wanted, (group) => group.key, {
          token: input.nextToken,
          limit: describeLimit(input.limit),
        });
        const logGroups = page.items.map((group) => describeGroup(store, eventLogs, group));
        return { logGroups: await Promise.all(logGroups), nextToken: page.nextToken };
      },
    },
    ...tagOperations,
  } satisfies Operations<'logs'>;
}

function createGroup(input: In<'logs', 'CreateLogGroup'>, tx: Tx, context: Context) {
  const logGroupName = input.logGroupName!;
  checkGroupName(logGroupName);
  if (input.logGroupClass !== undefined && input.logGroupClass !== 'STANDARD') {
    throw invalidParameter('Berth supports log groups of the STANDARD class only.');
  }
  const key = groupKey(context, logGroupName);
  if (tx.get(logGroupKind, key)) throw groupExists();
  const { account, region, now } = context;
  tx.put(logGroupKind, key, {
    spec: { account, region, logGroupName, createdAt: now.getTime(), tags: input.tags ?? {} },
    status: nothingObserved,
  });
  return {};
}

const tagOperations = {
  ListTagsForResource: {
    accepts: { resourceArn: true },
    resource: (input) => input.resourceArn!,
    read: (input, reader, context) => ({ tags: { ...taggedGroup(reader, context, input.resourceArn!).spec.tags } }),
  },
  TagResource: {
    accepts: { resourceArn: true, tags: true },
    resource: (input) => input.resourceArn!,
    run(input, tx, context) {
      const group = taggedGroup(tx, context, input.resourceArn!);
      retag(tx, group, { ...group.spec.tags, ...input.tags });
      return {};
    },
  },
  UntagResource: {
    accepts: { resourceArn: true, tagKeys: true },
    resource: (input) => input.resourceArn!,
    run(input, tx, context) {
      const group = taggedGroup(tx, context, input.resourceArn!);
      const kept = Object.entries(group.spec.tags).filter(([key]) => !input.tagKeys!.includes(key));
      retag(tx, group, Object.fromEntries(kept));
      return {};
    },
  },
} satisfies Operations<'logs'>;

function taggedGroup(reader: Reader, context: Context, arn: string): Resource<LogGroupSpec, unknown> {
  return requireGroup(reader, context, groupNameOfArn(context, arn));
}

function retag(tx: Tx, group: Resource<LogGroupSpec, unknown>, tags: Readonly<Record<string, string>>): void {
  if (Object.keys(tags).length > 50) throw invalidParameter('A log group can have at most 50 tags.');
  tx.setSpec(logGroupKind, group.key, { ...group.spec, tags });
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html: case is ignored. */
function matchesPattern(name: string, pattern: string | undefined): boolean {
  return pattern === undefined || name.toLowerCase().includes(pattern.toLowerCase());
}

async function describeGroup(
  store: Store,
  eventLogs: EventLogs,
  { spec, key }: Resource<LogGroupSpec, unknown>,
): Promise<LogGroup> {
  const streams = store.read((reader) => reader.by(logStreamKind, 'group', key));
  const sizes = await Promise.all(streams.map((stream) => eventLogs.size(stream.spec.journal)));
  return {
    logGroupName: spec.logGroupName,
    logGroupArn: groupArn(spec),
    arn: `${groupArn(spec)}:*`,
    creationTime: spec.createdAt,
    logGroupClass: 'STANDARD',
    metricFilterCount: 0,
    storedBytes: sizes.reduce((sum, size) => sum + size, 0),
  };
}
