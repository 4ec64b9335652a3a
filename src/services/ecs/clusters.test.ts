// Clusters and tags, as a client sees them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFixture, home, type Fixture } from './fixture.ts';
import { clusterKind } from './kinds.ts';
import type { CreateClusterInput } from './shapes.ts';

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

const strategyItem = (capacityProvider: string, weight = 0, base = 0) => ({ capacityProvider, weight, base });
const both = ['FARGATE', 'FARGATE_SPOT'];

test('a cluster of the time before settings and capacity providers has none', () => {
  const { spec } = clusterKind.upgrade!({ spec: { ...home, name: 'old', status: 'ACTIVE', tags: [] }, status: {} }, 1);
  assert.deepEqual(
    [spec.name, spec.containerInsights, spec.capacityProviders, spec.defaultStrategy],
    [...['old', 'disabled'], ...[[], []]],
  );
});

test('a cluster keeps its settings, configuration and capacity providers, and shows them where they are asked for', async () => {
  const executeCommandConfiguration = {
    logging: 'OVERRIDE',
    logConfiguration: { cloudWatchLogGroupName: '/exec', cloudWatchEncryptionEnabled: false },
  } as const;
  const asked = {
    clusterName: 'full',
    settings: [{ name: 'containerInsights' as const, value: 'enhanced' }],
    configuration: { executeCommandConfiguration },
    capacityProviders: both,
    defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 3 }],
  };
  const { cluster } = await fixture.call('CreateCluster', asked);
  assert.deepEqual(cluster?.settings, asked.settings);
  assert.deepEqual(cluster?.configuration, asked.configuration);
  assert.deepEqual(cluster?.capacityProviders, both);
  assert.deepEqual(cluster?.defaultCapacityProviderStrategy, [strategyItem('FARGATE_SPOT', 3)]);
  assert.deepEqual([cluster?.attachments, cluster?.attachmentsStatus], [[], 'UPDATE_COMPLETE']);

  const bare = (await fixture.call('DescribeClusters', { clusters: ['full'] })).clusters![0]!;
  assert.deepEqual([bare.settings, bare.configuration, bare.attachments], [[], undefined, undefined]);
  assert.deepEqual(bare.capacityProviders, both);
  const include = ['ATTACHMENTS' as const, 'CONFIGURATIONS' as const, 'SETTINGS' as const];
  assert.deepEqual((await fixture.call('DescribeClusters', { clusters: ['full'], include })).clusters, [cluster]);

  assert.deepEqual((await fixture.call('CreateCluster', asked)).cluster, cluster);
  assert.deepEqual((await fixture.call('CreateCluster', { clusterName: 'full' })).cluster, cluster);
  const others = [
    { settings: [{ name: 'containerInsights' as const, value: 'disabled' }] },
    { configuration: { executeCommandConfiguration: { logging: 'NONE' as const } } },
    { capacityProviders: ['FARGATE'] },
    { capacityProviders: both, defaultCapacityProviderStrategy: [] },
  ];
  for (const other of others) {
    await assert.rejects(fixture.call('CreateCluster', { clusterName: 'full', ...other }), {
      code: 'InvalidParameterException',
      message: /^Arguments on this idempotent request are inconsistent/,
    });
  }
});

test('settings and configuration are updated, and what a request leaves out stays', async () => {
  await fixture.call('CreateCluster', { clusterName: 'changing' });
  const settings = [{ name: 'containerInsights' as const, value: 'enabled' }];
  const first = await fixture.call('UpdateClusterSettings', { cluster: 'changing', settings });
  assert.deepEqual([first.cluster?.settings, first.cluster?.configuration], [settings, undefined]);
  const configuration = { executeCommandConfiguration: { kmsKeyId: 'alias/exec' } };
  const { cluster } = await fixture.call('UpdateCluster', { cluster: arnOf('changing'), configuration });
  assert.deepEqual(cluster?.settings, settings);
  assert.deepEqual(cluster?.configuration, {
    executeCommandConfiguration: { kmsKeyId: 'alias/exec', logging: 'DEFAULT' },
  });
  await assert.rejects(fixture.call('UpdateCluster', { cluster: 'absent', settings }), {
    code: 'ClusterNotFoundException',
  });
});

const log = { cloudWatchLogGroupName: '/exec' };
const misconfigured: readonly (readonly [string, Partial<CreateClusterInput>, string])[] = [
  ['an unknown setting', { settings: [{ name: 'other' as 'containerInsights' }] }, "Invalid setting 'name'"],
  [
    'an unknown value of a setting',
    { settings: [{ name: 'containerInsights', value: 'enhaced' }] },
    "Invalid setting 'value'",
  ],
  [
    'a log configuration that does not override',
    { configuration: { executeCommandConfiguration: { logging: 'NONE', logConfiguration: log } } },
    "You must set logging to 'OVERRIDE' when you supply a log configuration.",
  ],
  [
    'an override without a place to log to',
    {
      configuration: {
        executeCommandConfiguration: { logging: 'OVERRIDE', logConfiguration: { s3KeyPrefix: 'exec' } },
      },
    },
    'A CloudWatch log group name or S3 bucket name must be specified when overriding the default log configuration.',
  ],
  [
    'an unknown logging',
    { configuration: { executeCommandConfiguration: { logging: 'SOME' as 'NONE' } } },
    'logging should be one of [NONE,DEFAULT,OVERRIDE]',
  ],
  [
    'an unknown capacity provider',
    { capacityProviders: ['FARGATE', 'mine'] },
    'The specified capacity provider was not found. Specify a valid capacity provider and try again.',
  ],
  [
    'a default strategy over a provider that it does not have',
    { defaultCapacityProviderStrategy: [strategyItem('FARGATE', 1)] },
    'The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and try again.',
  ],
];
for (const [what, input, message] of misconfigured) {
  test(`a cluster with ${what} is refused`, async () => {
    await assert.rejects(fixture.call('CreateCluster', { clusterName: 'wrong', ...input }), {
      code: 'InvalidParameterException',
      message,
    });
  });
}
