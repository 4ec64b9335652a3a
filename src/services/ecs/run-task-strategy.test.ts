// RunTask by capacity provider strategies: the request's own, the cluster's default, and what they forbid.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFixture, onFargate, plainDefinition, type Fixture } from './fixture.ts';
import type { RunTaskInput } from './shapes.ts';

let fixture: Fixture;
const both = ['FARGATE', 'FARGATE_SPOT'];
before(async () => {
  fixture = await createFixture();
  await fixture.call('RegisterTaskDefinition', plainDefinition);
  const bridge = { family: 'bridge', containerDefinitions: [{ name: 'app', image: 'app:1', memory: 128 }] };
  await fixture.call('RegisterTaskDefinition', bridge);
  await fixture.call('CreateCluster', { clusterName: 'bare' });
  await fixture.call('CreateCluster', {
    clusterName: 'mixed',
    capacityProviders: both,
    defaultCapacityProviderStrategy: [
      { capacityProvider: 'FARGATE', base: 1, weight: 1 },
      { capacityProvider: 'FARGATE_SPOT', weight: 3 },
    ],
  });
  const weightless = [{ capacityProvider: 'FARGATE' }];
  await fixture.call('CreateCluster', {
    clusterName: 'weightless',
    capacityProviders: both,
    defaultCapacityProviderStrategy: weightless,
  });
});
after(() => fixture.end());

const { networkConfiguration } = onFargate;
const run = (input: Partial<RunTaskInput>) =>
  fixture.call('RunTask', { cluster: 'mixed', taskDefinition: 'flask-api', networkConfiguration, ...input });
const providersOf = async (input: Partial<RunTaskInput>) =>
  (await run(input)).tasks!.map(({ launchType, capacityProviderName }) => [launchType, capacityProviderName]);

test("tasks that name neither launch type nor strategy are placed by the cluster's default", async () => {
  assert.deepEqual(await providersOf({ count: 5 }), [
    ['FARGATE', 'FARGATE'],
    ['FARGATE', 'FARGATE_SPOT'],
    ['FARGATE', 'FARGATE_SPOT'],
    ['FARGATE', 'FARGATE'],
    ['FARGATE', 'FARGATE_SPOT'],
  ]);
});

test("a request's own strategy goes before the cluster's, and a launch type before both", async () => {
  const capacityProviderStrategy = [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }];
  assert.deepEqual(await providersOf({ capacityProviderStrategy }), [['FARGATE', 'FARGATE_SPOT']]);
  assert.deepEqual(await providersOf({ launchType: 'FARGATE' }), [['FARGATE', undefined]]);
});

test('what a strategy says stands in DescribeTasks', async () => {
  const { tasks } = await run({ capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] });
  const described = await fixture.describe(tasks![0]!.taskArn!);
  assert.deepEqual([described.launchType, described.capacityProviderName], ['FARGATE', 'FARGATE_SPOT']);
});

const spot = [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }];
const refused: readonly (readonly [string, Partial<RunTaskInput>, string | RegExp])[] = [
  [
    'beside a launch type',
    { launchType: 'FARGATE', capacityProviderStrategy: spot },
    'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
  ],
  [
    'over providers that the cluster does not have',
    { cluster: 'bare', capacityProviderStrategy: spot },
    'The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and try again.',
  ],
  [
    'without a weight',
    { capacityProviderStrategy: [{ capacityProvider: 'FARGATE', base: 3 }] },
    /^There are no capacity providers with a weight value greater than zero defined in the specified capacity provider/,
  ],
  [
    "without a weight that is the cluster's default",
    { cluster: 'weightless' },
    "There are no capacity providers with a weight value greater than zero defined in the default capacity provider strategy. At least one capacity provider must have a weight value greater than zero specified. Update the cluster's default capacity provider strategy or specify a valid capacity provider strategy and try again.",
  ],
  [
    'for a definition that Fargate cannot run',
    { taskDefinition: 'bridge', capacityProviderStrategy: spot },
    'Task definition does not support launch_type FARGATE.',
  ],
];
for (const [what, input, message] of refused) {
  test(`a strategy ${what} is refused`, async () => {
    await assert.rejects(run(input), { code: 'InvalidParameterException', message });
  });
}

test('a cluster without a default places by launch type EC2, of which there are no machines', async () => {
  await assert.rejects(run({ cluster: 'bare', taskDefinition: 'bridge' }), {
    message: 'No Container Instances were found in your cluster.',
  });
});

test('a capacity provider cannot leave its cluster before its tasks have stopped', async () => {
  await fixture.call('CreateCluster', { clusterName: 'leaving', capacityProviders: both });
  const { tasks } = await run({ cluster: 'leaving', capacityProviderStrategy: spot });
  const leave = (capacityProviders: string[]) =>
    fixture.call('PutClusterCapacityProviders', {
      cluster: 'leaving',
      capacityProviders,
      defaultCapacityProviderStrategy: [],
    });
  await assert.rejects(leave(['FARGATE']), {
    code: 'ResourceInUseException',
    message: 'The specified capacity provider is in use and cannot be removed.',
  });
  await leave(['FARGATE_SPOT']);
  const task = tasks![0]!.taskArn!;
  await fixture.queue.idle();
  await fixture.call('StopTask', { cluster: 'leaving', task });
  await fixture.report({ task, status: 'STOPPED' });
  assert.equal((await fixture.describe(task)).lastStatus, 'STOPPED');
  await leave([]);
});
