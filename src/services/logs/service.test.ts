// The logs operations over a real store and an in-memory journal.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createContext } from '#aws/context.ts';
import { PageTokens } from '#aws/page-token.ts';
import type { In, Out } from '#aws/service.ts';
import { createFakeJournal } from '#drivers/journal-fake.ts';
import { systemClock } from '#kernel/clock.ts';
import { silentLog } from '#kernel/log.ts';
import { systemRandom } from '#kernel/random.ts';
import { createStore } from '#kernel/store-create.ts';
import { createMemoryDisk } from '#kernel/store-memory.ts';
import { logsKinds } from './kinds.ts';
import { createLogs } from './service.ts';

const tokens = new PageTokens(Buffer.alloc(32, 7));
const principal = { account: '123456789012', arn: 'arn:aws:iam::123456789012:root', userId: '1', accessKeyId: 'AKIA' };
const group = { logGroupName: '/ecs/app' };
const stream = { ...group, logStreamName: 'ecs/app/1' };
const destination = { account: '123456789012', region: 'us-east-1', ...stream, createGroup: false };

async function makeLogs(disk = createMemoryDisk(systemClock), journal = createFakeJournal()) {
  const store = await createStore({
    database: disk.open(),
    kinds: logsKinds,
    log: silentLog,
    onFatal: (error) => assert.fail(error),
    strict: true,
  });
  const logs = createLogs({ store, journal, clock: systemClock, random: systemRandom, log: silentLog });
  const call = async <N extends string>(
    name: N,
    input: In<'logs', N>,
    region = 'us-east-1',
  ): Promise<Out<'logs', N>> => {
    const operation = logs.service.operations.get(name)!;
    const context = createContext(
      {
        requestId: 'r',
        principal,
        region,
        now: new Date(),
        sourceAddress: '127.0.0.1',
        model: 'logs',
        operation: name,
      },
      tokens,
    );
    if ('run' in operation) return (await store.write((tx) => operation.run(input, tx, context))) as Out<'logs', N>;
    if ('read' in operation) return store.read((reader) => operation.read(input, reader, context)) as Out<'logs', N>;
    return (await operation.perform(input, context, new AbortController().signal)) as Out<'logs', N>;
  };
  return { store, logs, call, disk, journal };
}

const code = (wanted: string) => (thrown: unknown) =>
  thrown instanceof Error && 'code' in thrown && thrown.code === wanted;

test('events that were put are read in the order of their time, page by page in both directions', async () => {
  const { call } = await makeLogs();
  await call('CreateLogGroup', group);
  await call('CreateLogStream', stream);
  const now = Date.now();
  const put = (from: number, to: number) => {
    const logEvents = Array.from({ length: to - from }, (_, i) => ({
      timestamp: now + from + i,
      message: `m${from + i}`,
    }));
    return call('PutLogEvents', { ...stream, logEvents });
  };
  await put(5, 10);
  await put(0, 5);
  const all = await call('GetLogEvents', { ...stream, startFromHead: true });
  assert.deepEqual(
    all.events?.map((event) => event.message),
    Array.from({ length: 10 }, (_, i) => `m${i}`),
  );

  const last = await call('GetLogEvents', { ...stream, limit: 3 });
  assert.deepEqual(
    last.events?.map((event) => event.message),
    ['m7', 'm8', 'm9'],
  );
  const before = await call('GetLogEvents', { ...stream, limit: 3, nextToken: last.nextBackwardToken });
  assert.deepEqual(
    before.events?.map((event) => event.message),
    ['m4', 'm5', 'm6'],
  );
  const end = await call('GetLogEvents', { ...stream, nextToken: last.nextForwardToken });
  assert.deepEqual(end.events, []);
  assert.equal(end.nextForwardToken, last.nextForwardToken);
  await put(10, 11);
  const more = await call('GetLogEvents', { ...stream, nextToken: end.nextForwardToken });
  assert.deepEqual(
    more.events?.map((event) => event.message),
    ['m10'],
  );
});

test('FilterLogEvents merges streams by time, pages without loss, and matches patterns', async () => {
  const { call } = await makeLogs();
  await call('CreateLogGroup', group);
  const now = Date.now();
  for (const name of ['a', 'b', 'c']) {
    await call('CreateLogStream', { ...group, logStreamName: name });
    const logEvents = Array.from({ length: 7 }, (_, i) => ({ timestamp: now + i, message: `${name}${i}` }));
    await call('PutLogEvents', { ...group, logStreamName: name, logEvents });
  }
  const seen: string[] = [];
  const ids = new Set<string>();
  let nextToken: string | undefined;
  do {
    const page = await call('FilterLogEvents', { ...group, limit: 4, nextToken });
    for (const event of page.events ?? []) {
      seen.push(event.message!);
      ids.add(event.eventId!);
    }
    ({ nextToken } = page);
  } while (nextToken !== undefined);
  assert.equal(ids.size, 21);
  assert.deepEqual(
    seen.map((message) => message.slice(1)),
    seen.map((message) => message.slice(1)).toSorted(),
  );
  const some = await call('FilterLogEvents', { ...group, logStreamNamePrefix: 'b', filterPattern: '?b1 ?b2' });
  assert.deepEqual(
    some.events?.map((event) => event.message),
    ['b1', 'b2'],
  );
  const timed = await call('FilterLogEvents', { ...group, startTime: now + 6 });
  assert.equal(timed.events?.length, 3);
});

test('a token that was tampered with, or given out for another region, is refused', async () => {
  const { call } = await makeLogs();
  for (const region of ['us-east-1', 'eu-west-1']) {
    await call('CreateLogGroup', group, region);
    await call('CreateLogStream', stream, region);
  }
  const logEvents = [1, 2, 3].map((i) => ({ timestamp: Date.now(), message: `${i}` }));
  await call('PutLogEvents', { ...stream, logEvents });
  const { nextToken } = await call('FilterLogEvents', { ...group, limit: 1 });
  await assert.rejects(
    call('FilterLogEvents', { ...group, nextToken }, 'eu-west-1'),
    code('InvalidParameterException'),
  );
  const tampered = nextToken!.slice(0, -1) + (nextToken!.endsWith('A') ? 'B' : 'A');
  await assert.rejects(call('FilterLogEvents', { ...group, nextToken: tampered }), code('InvalidParameterException'));
});

test('what is missing or there already is said in AWS’s codes', async () => {
  const { call } = await makeLogs();
  await assert.rejects(call('CreateLogStream', stream), code('ResourceNotFoundException'));
  await assert.rejects(call('FilterLogEvents', group), code('ResourceNotFoundException'));
  await assert.rejects(call('CreateLogGroup', { logGroupName: 'no spaces' }), code('InvalidParameterException'));
  await call('CreateLogGroup', group);
  await assert.rejects(call('CreateLogGroup', group), code('ResourceAlreadyExistsException'));
  await assert.rejects(
    call('PutLogEvents', { ...stream, logEvents: [{ timestamp: Date.now(), message: 'x' }] }),
    code('ResourceNotFoundException'),
  );
});

test('what AWS refuses of a request is refused in its words', async () => {
  const { call } = await makeLogs();
  await call('CreateLogGroup', group);
  await call('CreateLogStream', stream);
  const put = (messages: string[]) =>
    call('PutLogEvents', { ...stream, logEvents: messages.map((message) => ({ timestamp: Date.now(), message })) });
  const found = '1 validation error detected: Value';
  for (const [work, message] of [
    [
      put(['x', '']),
      `${found} '' at 'logEvents.2.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1`,
    ],
    [
      put([]),
      `${found} at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1`,
    ],
    [put(['x'.repeat(1_048_576)]), 'Upload too large: 1048602 bytes exceeds limit of 1048576'],
    [call('CreateLogGroup', { logGroupName: 'aws/x' }), 'Log groups starting with AWS/ are reserved for AWS.'],
    [
      call('DescribeLogGroups', { logGroupNamePrefix: 'a', logGroupNamePattern: 'b' }),
      'LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.',
    ],
    [
      call('DescribeLogStreams', { ...group, orderBy: 'Size' as 'LogStreamName' }),
      `${found} 'Size' at 'orderBy' failed to satisfy constraint: Member must satisfy enum value set: [LastEventTime, LogStreamName]`,
    ],
    [
      call('GetLogEvents', { ...stream, limit: 0 }),
      `${found} '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1`,
    ],
  ] as const) {
    await assert.rejects(work, { code: 'InvalidParameterException', message });
  }
});

test('events out of order are refused as a whole; those too old or too new are rejected and said', async () => {
  const { call } = await makeLogs();
  await call('CreateLogGroup', group);
  await call('CreateLogStream', stream);
  const now = Date.now();
  const event = (timestamp: number) => ({ timestamp, message: 'x' });
  await assert.rejects(
    call('PutLogEvents', { ...stream, logEvents: [event(now), event(now - 1)] }),
    code('InvalidParameterException'),
  );
  const old = await call('PutLogEvents', { ...stream, logEvents: [event(now - 15 * 86_400_000)] });
  assert.deepEqual(old.rejectedLogEventsInfo, { tooOldLogEventEndIndex: 1 });
  const mixed = await call('PutLogEvents', { ...stream, logEvents: [event(now), event(now + 3 * 3_600_000)] });
  assert.deepEqual(mixed.rejectedLogEventsInfo, { tooNewLogEventStartIndex: 1 });
  assert.equal((await call('GetLogEvents', stream)).events?.length, 1);
});

test('a container’s output goes on after a restart where it stood, repeated timestamps counted', async () => {
  const { logs, call, disk, journal, store } = await makeLogs();
  await assert.rejects(logs.containerLogs.open(destination), code('ResourceNotFoundException'));
  await call('CreateLogGroup', group);
  assert.equal(await logs.containerLogs.open(destination), undefined);
  const at = (nanoseconds: string) => `2026-11-24T10:00:00.${nanoseconds}Z`;
  await logs.containerLogs.append(destination, [
    { timestamp: at('000000001'), text: 'one' },
    { timestamp: at('000000002'), text: 'two' },
    { timestamp: at('000000002'), text: 'three' },
  ]);
  await store.close();
  await journal.append(onlyName(await journal.names()), Buffer.from('[17,"half'));
  const next = await makeLogs(disk, journal);
  assert.deepEqual(await next.logs.containerLogs.open(destination), { timestamp: at('000000002'), count: 2 });
  await next.logs.containerLogs.append(destination, [{ timestamp: at('000000003'), text: 'four' }]);
  const { events } = await next.call('GetLogEvents', { ...stream, startFromHead: true });
  assert.deepEqual(
    events?.map((event) => event.message),
    ['one', 'two', 'three', 'four'],
  );
});

test('who reads a stream while it is deleted finds nothing more', async () => {
  const { call, journal } = await makeLogs();
  await call('CreateLogGroup', group);
  await call('CreateLogStream', stream);
  await call('PutLogEvents', { ...stream, logEvents: [{ timestamp: Date.now(), message: 'm' }] });
  await journal.remove(onlyName(await journal.names()));
  assert.deepEqual((await call('GetLogEvents', stream)).events, []);
  assert.deepEqual((await call('FilterLogEvents', group)).events, []);
});

test('an ARN names a group of its own account and region only', async () => {
  const { call } = await makeLogs();
  const arnOf = (scope: string) => `arn:aws:logs:${scope}:log-group:${group.logGroupName}`;
  const [own, ...others] = ['us-east-1:123456789012', 'eu-west-1:123456789012', 'us-east-1:999999999999'].map(arnOf);
  await call('CreateLogGroup', group);
  await call('CreateLogStream', stream);
  await call('TagResource', { resourceArn: own, tags: { a: '1' } });
  for (const resourceArn of [...others, group.logGroupName]) {
    await assert.rejects(call('TagResource', { resourceArn, tags: { a: '2' } }), code('ResourceNotFoundException'));
    await assert.rejects(call('UntagResource', { resourceArn, tagKeys: ['a'] }), code('ResourceNotFoundException'));
    await assert.rejects(call('ListTagsForResource', { resourceArn }), code('ResourceNotFoundException'));
  }
  assert.deepEqual(await call('ListTagsForResource', { resourceArn: own }), { tags: { a: '1' } });
  const { logStreamName } = stream;
  assert.deepEqual((await call('GetLogEvents', { logGroupIdentifier: `${own}:*`, logStreamName })).events, []);
  for (const logGroupIdentifier of others) {
    const missing = code('ResourceNotFoundException');
    await assert.rejects(call('GetLogEvents', { logGroupIdentifier, logStreamName }), missing);
    await assert.rejects(call('FilterLogEvents', { logGroupIdentifier }), missing);
    await assert.rejects(call('DescribeLogStreams', { logGroupIdentifier }), missing);
  }
});

test('a container’s output goes nowhere that the API could not name', async () => {
  const { logs, call } = await makeLogs();
  const made = { ...destination, createGroup: true };
  for (const other of [
    { region: 'us-east-1/x' },
    { region: 'US_EAST' },
    { logGroupName: 'a b' },
    { logGroupName: 'x'.repeat(513) },
    { logStreamName: 'a:b' },
    { logStreamName: 'a*' },
  ]) {
    await assert.rejects(logs.containerLogs.open({ ...made, ...other }), code('InvalidParameterException'));
  }
  assert.deepEqual((await call('DescribeLogGroups', {})).logGroups, []);
});

test('a line that the disk has damaged is passed over, and all others are still read', async () => {
  const { call, disk, journal, store } = await makeLogs();
  await call('CreateLogGroup', group);
  await call('CreateLogStream', stream);
  const put = (message: string) => call('PutLogEvents', { ...stream, logEvents: [{ timestamp: Date.now(), message }] });
  await put('before');
  await journal.append(onlyName(await journal.names()), Buffer.from('\u0000\u0000 not a line\n'));
  await store.close();
  const next = await makeLogs(disk, journal);
  await next.call('PutLogEvents', { ...stream, logEvents: [{ timestamp: Date.now(), message: 'after' }] });
  const { events } = await next.call('GetLogEvents', { ...stream, startFromHead: true });
  assert.deepEqual(
    events?.map((event) => event.message),
    ['before', 'after'],
  );
});

test('a stream made again is empty, and journals of deleted streams are removed', async () => {
  const { call, logs, journal } = await makeLogs();
  await call('CreateLogGroup', group);
  await call('CreateLogStream', stream);
  await call('PutLogEvents', { ...stream, logEvents: [{ timestamp: Date.now(), message: 'gone' }] });
  await call('DeleteLogGroup', group);
  await logs.reconcilers[0]!.reconcile('orphans', new AbortController().signal);
  assert.deepEqual(await journal.names(), []);
  await call('CreateLogGroup', group);
  await call('CreateLogStream', stream);
  assert.deepEqual((await call('GetLogEvents', stream)).events, []);
});

test('streams are described by name or by their last event', async () => {
  const { call } = await makeLogs();
  await call('CreateLogGroup', { ...group, tags: { team: 'blue' } });
  for (const [index, name] of ['x', 'y', 'z'].entries()) {
    await call('CreateLogStream', { ...group, logStreamName: name });
    const logEvents = [{ timestamp: Date.now() - index * 1000, message: name }];
    await call('PutLogEvents', { ...group, logStreamName: name, logEvents });
  }
  const names = async (input: object) =>
    (await call('DescribeLogStreams', { ...group, ...input })).logStreams?.map((item) => item.logStreamName);
  assert.deepEqual(await names({}), ['x', 'y', 'z']);
  assert.deepEqual(await names({ orderBy: 'LastEventTime', descending: true }), ['x', 'y', 'z']);
  assert.deepEqual(await names({ orderBy: 'LastEventTime' }), ['z', 'y', 'x']);
  const first = await call('DescribeLogStreams', { ...group, limit: 2 });
  assert.deepEqual(await names({ nextToken: first.nextToken }), ['z']);
  const described = await call('DescribeLogGroups', { logGroupNamePrefix: '/ecs' });
  assert.equal(described.logGroups?.[0]?.arn, 'arn:aws:logs:us-east-1:123456789012:log-group:/ecs/app:*');
  const resourceArn = 'arn:aws:logs:us-east-1:123456789012:log-group:/ecs/app';
  assert.deepEqual((await call('ListTagsForResource', { resourceArn })).tags, { team: 'blue' });
});

function onlyName(names: readonly string[]): string {
  assert.equal(names.length, 1);
  return names[0]!;
}
