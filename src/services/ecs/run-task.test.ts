// RunTask: what is refused, and what a new task is.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createFixture, onFargate, plainDefinition, type Fixture } from './fixture.ts';
import type { RunTaskInput } from './shapes.ts';

let fixture: Fixture;
before(async () => {
  fixture = await createFixture();
  await fixture.call('CreateCluster', { clusterName: 'demo' });
  await fixture.call('RegisterTaskDefinition', { ...plainDefinition, tags: [{ key: 'from', value: 'definition' }] });
  await fixture.call('RegisterTaskDefinition', { ...plainDefinition, family: 'old' });
  await fixture.call('DeregisterTaskDefinition', { taskDefinition: 'old:1' });
  const bridge = { family: 'bridge', containerDefinitions: [{ name: 'app', image: 'app:1', memory: 128 }] };
  await fixture.call('RegisterTaskDefinition', bridge);
});
after(() => fixture.end());

const run = (input: Partial<RunTaskInput>) =>
  fixture.call('RunTask', { cluster: 'demo', taskDefinition: 'flask-api', ...onFargate, ...input });
const network = (subnets: string[], securityGroups?: string[]) => ({
  networkConfiguration: { awsvpcConfiguration: { subnets, securityGroups } },
});

const refused: readonly (readonly [string, Partial<RunTaskInput>, string, string])[] = [
  ['a missing cluster', { cluster: 'absent' }, 'ClusterNotFoundException', 'Cluster not found.'],
  ['a missing definition', { taskDefinition: 'absent' }, 'ClientException', 'TaskDefinition not found.'],
  ['an inactive definition', { taskDefinition: 'old:1' }, 'ClientException', 'TaskDefinition is inactive'],
  [
    'no network',
    { networkConfiguration: undefined },
    'InvalidParameterException',
    "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
  ],
  ['no subnets', network([]), 'InvalidParameterException', 'subnets can not be empty.'],
  [
    '17 subnets',
    network(Array<string>(17).fill('subnet-1')),
    'InvalidParameterException',
    'subnets can have at most 16 items.',
  ],
  [
    'a subnet that is not there',
    network(['subnet-x']),
    'InvalidParameterException',
    "Error retrieving subnet information for [subnet-x]: The subnet ID 'subnet-x' does not exist (ErrorCode: InvalidSubnetID.NotFound)",
  ],
  [
    'a security group that is not there',
    network(['subnet-1'], ['sg-x']),
    'InvalidParameterException',
    "Error retrieving security group information for [sg-x]: The security group 'sg-x' does not exist (ErrorCode: InvalidGroup.NotFound)",
  ],
  [
    'a security group of another VPC',
    network(['subnet-1'], ['sg-elsewhere']),
    'InvalidParameterException',
    'Security Group sg-elsewhere does not appear to belong to the same VPC as the input subnets.',
  ],
  [
    'a definition that Fargate cannot run',
    { taskDefinition: 'bridge' },
    'InvalidParameterException',
    'Task definition does not support launch_type FARGATE.',
  ],
  [
    'a launch type without machines',
    { taskDefinition: 'bridge', launchType: 'EC2' },
    'InvalidParameterException',
    'No Container Instances were found in your cluster.',
  ],
  ['11 tasks', { count: 11 }, 'InvalidParameterException', 'count must be between 1 and 10.'],
  [
    'a public address that is neither given nor not',
    {
      networkConfiguration: {
        awsvpcConfiguration: { subnets: ['subnet-1'], assignPublicIp: 'PERHAPS' as 'ENABLED' },
      },
    },
    'InvalidParameterException',
    'assignPublicIp should be one of [ENABLED,DISABLED]',
  ],
  [
    'execute-command',
    { enableExecuteCommand: true },
    'InvalidParameterException',
    'Berth does not support execute-command yet.',
  ],
  [
    'tags from nowhere',
    { propagateTags: 'CLUSTER' as 'NONE' },
    'InvalidParameterException',
    'propagateTags should be one of [SERVICE,NONE,TASK_DEFINITION]',
  ],
  [
    'a long client token',
    { clientToken: 'x'.repeat(65) },
    'InvalidParameterException',
    'clientToken must be at most 64 ASCII characters, none of them a space.',
  ],
  [
    'an unknown platform',
    { platformVersion: '9.9.9' },
    'PlatformUnknownException',
    "The specified platform version doesn't exist: 9.9.9.",
  ],
  [
    'an override of no container',
    { overrides: { containerOverrides: [{ name: 'db' }] } },
    'InvalidParameterException',
    'Override for container named db is not a container in the TaskDefinition.',
  ],
  [
    'overrides of an impossible size',
    { overrides: { memory: '4096' } },
    'ClientException',
    'No Fargate configuration exists for given values: 256 CPU, 4096 memory. See the Amazon ECS documentation for the valid values.',
  ],
];

for (const [name, input, code, message] of refused) {
  test(`RunTask with ${name} is refused`, async () => {
    await assert.rejects(run(input), { code, message });
  });
}

test('a task is there at once, PROVISIONING, with all that was asked for', async () => {
  const { tasks, failures } = await run({
    ...network(['subnet-2'], ['sg-1']),
    platformVersion: 'LATEST',
    startedBy: 'me',
    group: 'nightly',
    tags: [{ key: 'a', value: 'b' }],
    propagateTags: 'TASK_DEFINITION',
    enableECSManagedTags: true,
    enableExecuteCommand: false,
    overrides: { containerOverrides: [{ name: 'app', command: ['x'] }] },
  });
  assert.deepEqual(failures, []);
  const { attachments, containers, taskArn, ...task } = tasks![0]!;
  assert.match(taskArn!, /^arn:aws:ecs:us-east-1:123456789012:task\/demo\/[0-9a-f]{32}$/);
  assert.deepEqual(JSON.parse(JSON.stringify(task)), {
    clusterArn: 'arn:aws:ecs:us-east-1:123456789012:cluster/demo',
    taskDefinitionArn: 'arn:aws:ecs:us-east-1:123456789012:task-definition/flask-api:1',
    lastStatus: 'PROVISIONING',
    desiredStatus: 'RUNNING',
    version: 1,
    cpu: '256',
    memory: '512',
    ephemeralStorage: { sizeInGiB: 20 },
    fargateEphemeralStorage: { sizeInGiB: 20 },
    group: 'nightly',
    startedBy: 'me',
    launchType: 'FARGATE',
    platformVersion: '1.4.0',
    platformFamily: 'Linux',
    availabilityZone: 'us-east-1b',
    attributes: [{ name: 'ecs.cpu-architecture', value: 'x86_64' }],
    healthStatus: 'UNKNOWN',
    enableExecuteCommand: false,
    inferenceAccelerators: [],
    overrides: { inferenceAcceleratorOverrides: [], containerOverrides: [{ name: 'app', command: ['x'] }] },
    tags: [
      { key: 'aws:ecs:clusterName', value: 'demo' },
      { key: 'from', value: 'definition' },
      { key: 'a', value: 'b' },
    ],
    createdAt: fixture.clock.now().toISOString(),
  });
  assert.deepEqual(attachments![0]!.details, [{ name: 'subnetId', value: 'subnet-2' }]);
  assert.deepEqual([attachments![0]!.type, attachments![0]!.status], ['ElasticNetworkInterface', 'PRECREATED']);
  assert.deepEqual(
    containers!.map(({ name, image, lastStatus, cpu, networkInterfaces }) => ({
      name,
      image,
      lastStatus,
      cpu,
      networkInterfaces,
    })),
    [{ name: 'app', image: 'app:1', lastStatus: 'PENDING', cpu: '0', networkInterfaces: [] }],
  );
});

test('several tasks are spread over the subnets', async () => {
  const { tasks } = await run({ count: 4, ...network(['subnet-1', 'subnet-2']) });
  const zones = tasks!.map(({ availabilityZone }) => availabilityZone).toSorted();
  assert.deepEqual(zones, ['us-east-1a', 'us-east-1a', 'us-east-1b', 'us-east-1b']);
  assert.equal(new Set(tasks!.map(({ taskArn }) => taskArn)).size, 4);
});

test('a client token makes a repeated request harmless, and another one with it a conflict', async () => {
  const first = await run({ clientToken: 't1', count: 2 });
  const again = await run({ clientToken: 't1', count: 2 });
  const arns = (answer: typeof first) => answer.tasks!.map(({ taskArn }) => taskArn).toSorted();
  assert.deepEqual(arns(again), arns(first));
  await assert.rejects(run({ clientToken: 't1', count: 1 }), {
    code: 'ConflictException',
    members: { resourceIds: arns(first) },
  });
});

test('every task of a call runs what its tag stands for at that moment', async () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const image = 'localhost:4566/pinned:v1';
  fixture.pushed.set(image, digest);
  const containerDefinitions = [
    { name: 'app', image },
    { name: 'floating', image, versionConsistency: 'disabled' as const },
    { name: 'elsewhere', image: 'nginx:1' },
  ];
  await fixture.call('RegisterTaskDefinition', { ...plainDefinition, family: 'pinned', containerDefinitions });
  const { tasks = [] } = await run({ taskDefinition: 'pinned', count: 2 });
  fixture.pushed.set(image, `sha256:${'b'.repeat(64)}`);
  await fixture.queue.idle();
  const arns = new Set(tasks.map(({ taskArn }) => taskArn!));
  const told = fixture.session.payloads.flatMap((message) => message.tasks).filter(({ arn }) => arns.has(arn));
  const images = told.map(({ containers }) => containers.map((each) => each.image));
  assert.equal(told.length, 2);
  assert.deepEqual(
    images,
    told.map(() => [`localhost:4566/pinned@${digest}`, image, 'nginx:1']),
  );
  assert.equal(tasks[0]?.containers?.[0]?.image, image);
});
