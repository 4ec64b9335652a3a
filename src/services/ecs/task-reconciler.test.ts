// The life of tasks, with a node that says what it is told to say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFixture, onFargate, type Fixture } from './fixture.ts';
import { taskKind } from './kinds.ts';

/** A test with a fixture of its own. */
function testWith(name: string, work: (fixture: Fixture) => Promise<void>): void {
  test(name, async () => {
    const fixture = await createFixture();
    await work(fixture).finally(() => fixture.end());
  });
}

const app = (status: 'PENDING' | 'RUNNING' | 'STOPPED', more: object = {}) => ({
  containerName: 'app',
  status,
  ...more,
});

testWith('a task gets an address, is told to the node, and RUNNING only when the node says so', async (fixture) => {
  const arn = await fixture.runOne();
  let task = await fixture.describe(arn);
  assert.deepEqual([task.lastStatus, task.connectivity, task.startedAt], ['PENDING', undefined, undefined]);
  assert.deepEqual(task.attachments?.[0]?.details, [
    { name: 'subnetId', value: 'subnet-1' },
    { name: 'networkInterfaceId', value: 'eni-4' },
    { name: 'macAddress', value: '02:00:00:00:00:04' },
    { name: 'privateDnsName', value: 'ip-172-31-16-4.ec2.internal' },
    { name: 'privateIPv4Address', value: '172.31.16.4' },
  ]);
  assert.deepEqual(task.containers?.[0]?.networkInterfaces, [
    { attachmentId: task.attachments?.[0]?.id, privateIpv4Address: '172.31.16.4' },
  ]);
  assert.equal(fixture.session.payloads.length, 1);
  await fixture.report({ task: arn, status: 'PENDING', pullStartedAt: new Date(1000) });
  assert.equal((await fixture.describe(arn)).lastStatus, 'PENDING');
  await fixture.report({ task: arn, status: 'RUNNING', containers: [app('RUNNING', { runtimeId: 'r1' })] });
  task = await fixture.describe(arn);
  assert.deepEqual([task.lastStatus, task.connectivity, task.startedAt], ['RUNNING', 'CONNECTED', fixture.clock.now()]);
  assert.deepEqual([task.containers?.[0]?.lastStatus, task.containers?.[0]?.runtimeId], ['RUNNING', 'r1']);
  assert.equal(task.attachments?.[0]?.status, 'ATTACHED');
  const { clusters } = await fixture.call('DescribeClusters', { clusters: ['demo'] });
  assert.deepEqual([clusters?.[0]?.runningTasksCount, clusters?.[0]?.pendingTasksCount], [1, 0]);
  await assert.rejects(fixture.call('DeleteCluster', { cluster: 'demo' }), {
    code: 'ClusterContainsTasksException',
    message: 'The Cluster cannot be deleted while Tasks are active.',
  });
});

testWith(
  'a task that ends gives its address back, keeps its exit code, and is forgotten after a day',
  async (fixture) => {
    const arn = await fixture.runOne();
    await fixture.report({ task: arn, status: 'RUNNING', containers: [app('RUNNING')] });
    await fixture.report({
      task: arn,
      status: 'STOPPED',
      reason: 'Essential container in task exited',
      executionStoppedAt: new Date(5000),
      containers: [app('STOPPED', { exitCode: 3 })],
    });
    const task = await fixture.describe(arn);
    assert.deepEqual(
      [task.lastStatus, task.desiredStatus, task.stopCode],
      ['STOPPED', 'STOPPED', 'EssentialContainerExited'],
    );
    assert.deepEqual([task.stoppedReason, task.containers?.[0]?.exitCode], ['Essential container in task exited', 3]);
    assert.deepEqual([task.executionStoppedAt, task.stoppedAt], [new Date(5000), fixture.clock.now()]);
    assert.equal(task.attachments?.[0]?.status, 'DELETED');
    assert.deepEqual(fixture.interfaces(), []);
    await fixture.clock.advance(86_400_000 - 1);
    await fixture.queue.idle();
    assert.equal((await fixture.describe(arn)).lastStatus, 'STOPPED');
    await fixture.clock.advance(1);
    await fixture.queue.idle();
    const { failures } = await fixture.call('DescribeTasks', { cluster: 'demo', tasks: [arn] });
    assert.deepEqual(failures, [{ arn, reason: 'MISSING' }]);
  },
);

testWith('a stop is told to the node, and STOPPED is what the node says', async (fixture) => {
  const arn = await fixture.runOne();
  await fixture.report({ task: arn, status: 'RUNNING', containers: [app('RUNNING')] });
  const { task: asked } = await fixture.call('StopTask', { cluster: 'demo', task: arn, reason: 'enough' });
  assert.deepEqual([asked?.lastStatus, asked?.desiredStatus, asked?.stopCode], ['RUNNING', 'STOPPED', 'UserInitiated']);
  await fixture.queue.idle();
  assert.equal((await fixture.describe(arn)).lastStatus, 'STOPPING');
  assert.deepEqual(fixture.session.lastOf(arn), {
    arn,
    taskClusterArn: 'arn:aws:ecs:us-east-1:123456789012:cluster/demo',
    family: 'flask-api',
    version: '1',
    desiredStatus: 'STOPPED',
    containers: [],
  });
  await fixture.report({ task: arn, status: 'STOPPED', containers: [app('STOPPED', { exitCode: 143 })] });
  const task = await fixture.describe(arn);
  assert.deepEqual([task.lastStatus, task.stoppedReason, task.containers?.[0]?.exitCode], ['STOPPED', 'enough', 143]);
  const { task: again } = await fixture.call('StopTask', { cluster: 'demo', task: arn, reason: 'once more' });
  assert.deepEqual([again?.lastStatus, again?.stoppedReason, again?.version], ['STOPPED', 'enough', task.version]);
});

testWith('a task stopped before it had an address never gets to the node', async (fixture) => {
  await fixture.report({ task: await fixture.runOne(), status: 'STOPPED' });
  fixture.session.payloads.length = 0;
  const wanted = { cluster: 'demo', taskDefinition: 'flask-api', ...onFargate };
  const running = fixture.call('RunTask', wanted);
  // Both are written before either is durable, so that the reconciler sees them at once.
  const [task] = fixture.store.read((reader) => reader.by(taskKind, 'live', 'live'));
  await fixture.call('StopTask', { cluster: 'demo', task: task!.spec.id });
  const arn = (await running).tasks![0]!.taskArn!;
  await fixture.queue.idle();
  const { lastStatus, stopCode, stoppedReason, startedAt, attachments } = await fixture.describe(arn);
  assert.deepEqual([lastStatus, stopCode, stoppedReason], ['STOPPED', 'UserInitiated', 'Task stopped by user']);
  assert.deepEqual([startedAt, attachments?.[0]?.status], [undefined, 'PRECREATED']);
  assert.deepEqual(fixture.session.payloads, []);
});

const subnet = (id: string) => ({ networkConfiguration: { awsvpcConfiguration: { subnets: [id] } } });

testWith('a task that gets no address stops with the words of AWS', async (fixture) => {
  const arn = await fixture.runOne({}, subnet('subnet-full'));
  const task = await fixture.describe(arn);
  assert.deepEqual(
    [task.lastStatus, task.stopCode, task.stoppedReason, task.containers?.[0]?.lastStatus],
    [
      'STOPPED',
      'TaskFailedToStart',
      "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-full': InsufficientFreeAddressesInSubnet",
      'STOPPED',
    ],
  );
  assert.deepEqual(fixture.session.payloads, []);
});

testWith('a payload that the node does not take is sent again', async (fixture) => {
  fixture.session.failing = 2;
  const arn = await fixture.runOne();
  assert.deepEqual([(await fixture.describe(arn)).lastStatus, fixture.session.payloads.length], ['PENDING', 0]);
  await fixture.clock.advanceUntil(() => fixture.session.payloads.length === 1, 60_000);
});

testWith('late and repeated reports change nothing', async (fixture) => {
  const arn = await fixture.runOne();
  const running = { task: arn, status: 'RUNNING', containers: [app('RUNNING')] } as const;
  await fixture.report(running);
  await fixture.report({ task: arn, status: 'STOPPED', containers: [app('STOPPED', { exitCode: 0 })] });
  const before = await fixture.describe(arn);
  await fixture.report(running);
  await fixture.report({ task: arn, status: 'STOPPED', containers: [app('STOPPED', { exitCode: 9 })], reason: 'late' });
  assert.deepEqual(await fixture.describe(arn), before);
});

testWith('a report of an unknown task is taken, and has the node told what it should have', async (fixture) => {
  const stray = 'arn:aws:ecs:us-east-1:123456789012:task/demo/ffffffffffffffffffffffffffffffff';
  assert.equal(fixture.session.manifests.length, 1);
  await fixture.report({ task: stray, status: 'RUNNING' });
  assert.deepEqual(
    fixture.session.manifests.map(({ tasks }) => tasks),
    [[], []],
  );
  await fixture.report({ task: stray, status: 'STOPPED' });
  await fixture.report({ task: 'nonsense', status: 'STOPPED' });
  assert.equal(fixture.session.manifests.length, 2);
});

test('after a restart the node is told of every task, then which it should have, in rising numbers', async () => {
  const first = await createFixture();
  const runs = await first.runOne();
  const stops = await first.runOne();
  const ended = await first.runOne();
  await first.report({ task: runs, status: 'RUNNING', containers: [app('RUNNING')] });
  await first.call('StopTask', { cluster: 'demo', task: stops });
  await first.queue.idle();
  await first.report({ task: ended, status: 'STOPPED' });
  await first.end();
  const highest = Math.max(...first.session.payloads.map(({ seqNum }) => seqNum));

  const second = await createFixture(first);
  const { payloads, manifests } = second.session;
  const told = payloads
    .flatMap(({ tasks }) => tasks)
    .map(({ arn, desiredStatus, lastStatus }) => [arn, desiredStatus, lastStatus]);
  assert.deepEqual(
    told.toSorted(),
    [
      [runs, 'RUNNING', 'RUNNING'],
      [stops, 'STOPPED', undefined],
    ].toSorted(),
  );
  assert.equal(manifests.length, 1);
  const named = manifests[0]!.tasks.map(({ taskArn, desiredStatus }) => [taskArn, desiredStatus]);
  assert.deepEqual(
    named.toSorted(),
    [
      [runs, 'RUNNING'],
      [stops, 'STOPPED'],
    ].toSorted(),
  );
  const numbers = [highest, ...payloads.map(({ seqNum }) => seqNum), manifests[0]!.timeline];
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(numbers).size, numbers.length);
  await second.end();
});

testWith('a node that comes back is told everything anew', async (fixture) => {
  const arn = await fixture.runOne();
  fixture.session.payloads.length = 0;
  fixture.session.failing = 1;
  await fixture.ecs.attach(fixture.session);
  await fixture.clock.advanceUntil(() => fixture.session.payloads.length === 1, 60_000);
  assert.equal(fixture.session.lastOf(arn)?.desiredStatus, 'RUNNING');
});

testWith('tasks are listed by family, starter and what is wanted of them', async (fixture) => {
  const one = await fixture.runOne({}, { startedBy: 'me' });
  const two = await fixture.runOne({ family: 'other' });
  await fixture.report({ task: two, status: 'STOPPED' });
  const list = async (input: object) => (await fixture.call('ListTasks', { cluster: 'demo', ...input })).taskArns;
  assert.deepEqual(await list({}), [one]);
  assert.deepEqual(await list({ desiredStatus: 'STOPPED' }), [two]);
  assert.deepEqual(await list({ desiredStatus: 'PENDING' }), []);
  assert.deepEqual(await list({ startedBy: 'me' }), [one]);
  assert.deepEqual(await list({ family: 'other' }), []);
  assert.deepEqual(await list({ family: 'other', desiredStatus: 'STOPPED' }), [two]);
  assert.deepEqual(await list({ launchType: 'EC2' }), []);
  await assert.rejects(list({ launchType: 'ROCKET' }), {
    code: 'InvalidParameterException',
    message: 'launch type should be one of [EC2,FARGATE,EXTERNAL]',
  });
});

testWith('what is asked of tasks that are not there is answered as AWS does', async (fixture) => {
  const arn = await fixture.runOne();
  await fixture.call('CreateCluster', { clusterName: 'other' });
  await assert.rejects(fixture.call('StopTask', { cluster: 'demo', task: 'absent' }), {
    code: 'InvalidParameterException',
    message: 'The referenced task was not found.',
  });
  await assert.rejects(fixture.call('DescribeTasks', { cluster: 'other', tasks: [arn] }), {
    code: 'InvalidParameterException',
    message: 'Invalid identifier: Identifier is for cluster demo. Your cluster is other',
  });
  await assert.rejects(fixture.call('DescribeTasks', { cluster: 'demo', tasks: [] }), {
    message: 'Tasks cannot be empty.',
  });
  const { failures } = await fixture.call('DescribeTasks', { cluster: 'demo', tasks: ['absent'] });
  assert.deepEqual(failures, [{ arn: 'arn:aws:ecs:us-east-1:123456789012:task/demo/absent', reason: 'MISSING' }]);
});

testWith('all tasks are stopped when the platform stops with them, also those run meanwhile', async (fixture) => {
  const arns = [await fixture.runOne(), await fixture.runOne()];
  const stopped = fixture.ecs.stopAllTasks('over');
  await fixture.queue.idle();
  arns.push(await fixture.runOne());
  await fixture.queue.idle();
  assert.ok(arns.every((arn) => fixture.session.lastOf(arn)?.desiredStatus === 'STOPPED'));
  for (const task of arns) await fixture.report({ task, status: 'STOPPED' });
  await stopped;
  assert.deepEqual((await fixture.describe(arns[0]!)).stoppedReason, 'over');
});
