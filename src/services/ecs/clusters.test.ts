// Clusters and tags, as a client sees them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFixture, home, type Fixture } from './fixture.ts';

let fixture: Fixture;
before(async () => {
  fixture = await createFixture();
});
after(() => fixture.end());

const arnOf = (name: string) => `arn:aws:ecs:us-east-1:123456789012:cluster/${name}`;

test('a cluster is made, described as AWS describes it, and made again without harm', async () => {
  const tags = [{ key: 'team', value: 'blue' }];
  const { cluster } = await fixture.call('CreateCluster', { clusterName: 'demo', tags });
  assert.deepEqual(cluster, {
    clusterArn: arnOf('demo'),
    clusterName: 'demo',
    status: 'ACTIVE',
    registeredContainerInstancesCount: 0,
    runningTasksCount: 0,
    pendingTasksCount: 0,
    activeServicesCount: 0,
    statistics: [],
    tags,
    settings: [{ name: 'containerInsights', value: 'disabled' }],
    capacityProviders: [],
    defaultCapacityProviderStrategy: [],
  });
  assert.deepEqual((await fixture.call('CreateCluster', { clusterName: 'demo' })).cluster, cluster);
  await assert.rejects(fixture.call('CreateCluster', { clusterName: 'demo', tags: [] }), {
    code: 'InvalidParameterException',
    message: 'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
  });
});

test('what is included is shown, what is missing is a failure', async () => {
  await fixture.call('CreateCluster', { clusterName: 'plain', tags: [{ key: 'a', value: 'b' }] });
  const clusters = ['plain', arnOf('plain'), 'absent', 'arn:aws:ecs:us-east-1:999999999999:cluster/plain'];
  const bare = await fixture.call('DescribeClusters', { clusters });
  assert.deepEqual([bare.clusters?.length, bare.clusters?.[0]?.tags, bare.clusters?.[0]?.settings], [2, [], []]);
  assert.deepEqual(bare.failures, [
    { arn: arnOf('absent'), reason: 'MISSING' },
    { arn: 'arn:aws:ecs:us-east-1:999999999999:cluster/plain', reason: 'MISSING' },
  ]);
  const include = ['TAGS', 'SETTINGS', 'STATISTICS'] as const;
  const full = await fixture.call('DescribeClusters', { clusters: ['plain'], include: [...include] });
  assert.deepEqual(full.clusters?.[0]?.tags, [{ key: 'a', value: 'b' }]);
  assert.equal(full.clusters?.[0]?.settings?.length, 1);
  assert.deepEqual(
    full.clusters?.[0]?.statistics?.find(({ name }) => name === 'runningFargateTasksCount'),
    { name: 'runningFargateTasksCount', value: '0' },
  );
});

test('default is the cluster that is meant where none is named', async () => {
  const missing = await fixture.call('DescribeClusters', {});
  assert.deepEqual(missing.failures, [{ arn: arnOf('default'), reason: 'MISSING' }]);
  await assert.rejects(fixture.call('ListTasks', {}), {
    code: 'ClusterNotFoundException',
    message: 'Cluster not found.',
  });
  assert.equal((await fixture.call('CreateCluster', {})).cluster?.clusterName, 'default');
  assert.deepEqual(await fixture.call('ListTasks', {}), { taskArns: [], nextToken: undefined });
});

test('a deleted cluster is INACTIVE, comes back when it is made anew, and is forgotten in the end', async () => {
  await fixture.call('CreateCluster', { clusterName: 'brief' });
  assert.equal((await fixture.call('DeleteCluster', { cluster: 'brief' })).cluster?.status, 'INACTIVE');
  assert.equal((await fixture.call('DescribeClusters', { clusters: ['brief'] })).clusters?.[0]?.status, 'INACTIVE');
  assert.ok(!(await fixture.call('ListClusters', {})).clusterArns?.includes(arnOf('brief')));
  await assert.rejects(fixture.call('RunTask', { cluster: 'brief', taskDefinition: 'x' }), {
    code: 'ClusterNotFoundException',
    message: 'The referenced cluster was inactive.',
  });
  await assert.rejects(fixture.call('TagResource', { resourceArn: arnOf('brief'), tags: [] }), {
    message: 'The specified cluster is inactive. Specify an active cluster and try again.',
  });
  assert.equal((await fixture.call('CreateCluster', { clusterName: 'brief' })).cluster?.status, 'ACTIVE');
  await fixture.call('DeleteCluster', { cluster: 'brief' });
  await fixture.queue.idle();
  await fixture.clock.advance(86_400_000);
  await fixture.queue.idle();
  assert.equal((await fixture.call('DescribeClusters', { clusters: ['brief'] })).failures?.[0]?.reason, 'MISSING');
  await assert.rejects(fixture.call('DeleteCluster', { cluster: 'brief' }), { code: 'ClusterNotFoundException' });
});

test('accounts and regions do not see each other', async () => {
  await fixture.call('CreateCluster', { clusterName: 'mine' });
  const elsewhere = { ...home, region: 'eu-west-1' };
  assert.deepEqual((await fixture.call('ListClusters', {}, elsewhere)).clusterArns, []);
  const made = await fixture.call('CreateCluster', { clusterName: 'mine' }, elsewhere);
  assert.equal(made.cluster?.clusterArn, 'arn:aws:ecs:eu-west-1:123456789012:cluster/mine');
});

test('lists come in pages', async () => {
  const scope = { ...home, region: 'us-west-2' };
  for (const clusterName of ['c', 'a', 'b']) await fixture.call('CreateCluster', { clusterName }, scope);
  const first = await fixture.call('ListClusters', { maxResults: 2 }, scope);
  const second = await fixture.call('ListClusters', { maxResults: 2, nextToken: first.nextToken }, scope);
  const names = [...first.clusterArns!, ...second.clusterArns!].map((arn) => arn.split('/')[1]);
  assert.deepEqual([names, second.nextToken], [['a', 'b', 'c'], undefined]);
  await assert.rejects(fixture.call('ListClusters', { nextToken: 'forged' }, scope), { message: 'Invalid token.' });
});

test('tags are set, replaced, taken away and kept within their rules', async () => {
  const { cluster } = await fixture.call('CreateCluster', { clusterName: 'tagged', tags: [{ key: 'a', value: '1' }] });
  const resourceArn = cluster!.clusterArn!;
  await fixture.call('TagResource', {
    resourceArn,
    tags: [
      { key: 'b', value: '2' },
      { key: 'a', value: '3' },
    ],
  });
  await fixture.call('UntagResource', { resourceArn, tagKeys: ['b', 'absent'] });
  assert.deepEqual((await fixture.call('ListTagsForResource', { resourceArn })).tags, [{ key: 'a', value: '3' }]);
  const many = Array.from({ length: 50 }, (_, n) => ({ key: `k${n}`, value: '' }));
  for (const tags of [
    many,
    [{ key: 'aws:x', value: '' }],
    [{ key: '', value: '' }],
    [{ key: 'x', value: 'y'.repeat(257) }],
  ]) {
    await assert.rejects(fixture.call('TagResource', { resourceArn, tags }), { code: 'InvalidParameterException' });
  }
  await assert.rejects(fixture.call('ListTagsForResource', { resourceArn: arnOf('absent') }), {
    code: 'ClusterNotFoundException',
  });
});

test('a setting that would not be honoured is refused', async () => {
  const settings = [{ name: 'containerInsights', value: 'enabled' }] as const;
  await assert.rejects(fixture.call('CreateCluster', { clusterName: 'insights', settings: [...settings] }), {
    code: 'InvalidParameterException',
    message: "Berth does not support the value 'enabled' of the cluster setting containerInsights yet.",
  });
});

test('account settings are what holds', async () => {
  assert.deepEqual((await fixture.call('ListAccountSettings', {})).settings, []);
  const { settings } = await fixture.call('ListAccountSettings', {
    effectiveSettings: true,
    name: 'taskLongArnFormat',
  });
  assert.deepEqual(settings, [
    { name: 'taskLongArnFormat', value: 'enabled', principalArn: 'arn:aws:iam::123456789012:root' },
  ]);
});
