// What a node is told of a task.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PayloadContainer } from '#node/messages.ts';
import { createFixture } from './fixture.ts';
import type { ContainerDefinition, RegisterInput, RunTaskInput } from './shapes.ts';

/** What the node is told of a task of one container. */
async function told(
  container: Partial<ContainerDefinition>,
  input: Partial<RunTaskInput> = {},
  definition: Partial<RegisterInput> = {},
) {
  const fixture = await createFixture();
  const containerDefinitions = [
    { name: 'app', image: 'app:1', ...container },
    ...(definition.containerDefinitions ?? []),
  ];
  const arn = await fixture.runOne({ ...definition, containerDefinitions }, input);
  const task = fixture.session.lastOf(arn)!;
  await fixture.end();
  return { task, arn, container: task.containers[0]! };
}

const configs = ({ dockerConfig }: PayloadContainer) => ({
  config: JSON.parse(dockerConfig.config),
  hostConfig: JSON.parse(dockerConfig.hostConfig),
});

test('a task is told with its size and its interface', async () => {
  const { task, arn } = await told({});
  const { containers: _, elasticNetworkInterfaces, ...rest } = task;
  assert.deepEqual(rest, {
    arn,
    taskClusterArn: 'arn:aws:ecs:us-east-1:123456789012:cluster/demo',
    family: 'flask-api',
    version: '1',
    desiredStatus: 'RUNNING',
    lastStatus: 'PENDING',
    networkMode: 'awsvpc',
    launchType: 'FARGATE',
    cpu: 0.25,
    memory: 512,
    group: 'family:flask-api',
    volumes: undefined,
  });
  const { attachmentArn, ...networkInterface } = elasticNetworkInterfaces![0]!;
  assert.match(attachmentArn, /^arn:aws:ecs:us-east-1:123456789012:attachment\/[0-9a-f-]{36}$/);
  assert.deepEqual(networkInterface, {
    attachType: 'task-eni',
    ec2Id: 'eni-4',
    macAddress: '02:00:00:00:00:04',
    ipv4Addresses: [{ primary: true, privateAddress: '172.31.16.4' }],
    domainNameServers: [],
    privateDnsName: 'ip-172-31-16-4.ec2.internal',
    subnetGatewayIpv4Address: '172.31.16.1/20',
    vpc: { id: 'vpc-1', cidrBlock: '172.31.0.0/16', gateway: '172.31.0.1' },
  });
});

test('everything that a container definition may ask for reaches the node', async () => {
  const { container, arn } = await told({
    essential: true,
    cpu: 128,
    memory: 256,
    memoryReservation: 128,
    entryPoint: ['/bin/sh', '-c'],
    command: ['true'],
    environment: [{ name: 'A', value: '1' }],
    workingDirectory: '/srv',
    user: '1000:1000',
    startTimeout: 10,
    stopTimeout: 20,
    readonlyRootFilesystem: true,
    interactive: true,
    pseudoTerminal: true,
    dockerLabels: { team: 'blue' },
    ulimits: [{ name: 'nofile', softLimit: 1024, hardLimit: 2048 }],
    healthCheck: { command: ['CMD-SHELL', 'curl -f localhost'], interval: 10, startPeriod: 60 },
    linuxParameters: { initProcessEnabled: true, capabilities: { add: ['SYS_PTRACE'], drop: ['NET_RAW'] } },
    logConfiguration: {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': '/ecs/app',
        'awslogs-region': 'eu-west-1',
        'awslogs-stream-prefix': 'web',
        'awslogs-create-group': 'true',
      },
    },
  });
  const { containerArn, dockerConfig: _, ...rest } = container;
  assert.match(containerArn, /^arn:aws:ecs:us-east-1:123456789012:container\/demo\/[0-9a-f]{32}\/[0-9a-f-]{36}$/);
  assert.deepEqual(rest, {
    name: 'app',
    image: 'app:1',
    essential: true,
    cpu: 128,
    memory: 256,
    entryPoint: ['/bin/sh', '-c'],
    command: ['true'],
    environment: {
      AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      A: '1',
    },
    dependsOn: undefined,
    healthCheckType: 'docker',
    mountPoints: undefined,
    volumesFrom: undefined,
    startTimeout: 10,
    stopTimeout: 20,
  });
  assert.deepEqual(configs(container), {
    config: {
      User: '1000:1000',
      WorkingDir: '/srv',
      Tty: true,
      OpenStdin: true,
      Labels: { team: 'blue' },
      Healthcheck: {
        Test: ['CMD-SHELL', 'curl -f localhost'],
        Interval: 10_000_000_000,
        Timeout: 5_000_000_000,
        Retries: 3,
        StartPeriod: 60_000_000_000,
      },
    },
    hostConfig: {
      LogConfig: {
        Type: 'awslogs',
        Config: {
          'awslogs-group': '/ecs/app',
          'awslogs-region': 'eu-west-1',
          'awslogs-create-group': 'true',
          'awslogs-stream': `web/app/${arn.split('/').at(-1)}`,
        },
      },
      MemoryReservation: 128 * 1024 * 1024,
      ReadonlyRootfs: true,
      Init: true,
      CapAdd: ['SYS_PTRACE'],
      CapDrop: ['NET_RAW'],
      Ulimits: [{ Name: 'nofile', Soft: 1024, Hard: 2048 }],
    },
  });
});

test('overrides come before the definition, and the definition before what ECS sets', async () => {
  const { container, task } = await told(
    {
      command: ['serve'],
      cpu: 10,
      environment: [
        { name: 'AWS_REGION', value: 'eu-west-1' },
        { name: 'MODE', value: 'a' },
        { name: '__proto__', value: 'p' },
      ],
    },
    {
      overrides: {
        cpu: '512',
        memory: '1 GB',
        containerOverrides: [
          {
            name: 'app',
            command: ['migrate'],
            cpu: 20,
            memory: 300,
            memoryReservation: 200,
            environment: [{ name: 'MODE', value: 'b' }],
          },
        ],
      },
    },
  );
  assert.deepEqual([task.cpu, task.memory], [0.5, 1024]);
  assert.deepEqual([container.command, container.cpu, container.memory], [['migrate'], 20, 300]);
  assert.equal(configs(container).hostConfig.MemoryReservation, 200 * 1024 * 1024);
  assert.deepEqual(container.environment, {
    AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    MODE: 'b',
    ['__proto__']: 'p',
  });
});

test('an image of our own registry is pulled with our own credentials, another as it is', async () => {
  const own = await told({ image: 'localhost:4566/flask-api:v1' });
  assert.equal(own.container.image, 'localhost:4566/flask-api:v1');
  const named = await told({ image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/flask-api:v1' });
  assert.equal(named.container.image, 'localhost:4566/flask-api:v1');
  assert.equal(named.container.imageInTask, '123456789012.dkr.ecr.us-east-1.amazonaws.com/flask-api:v1');
  assert.deepEqual(own.container.registryAuthentication, {
    type: 'ecr',
    ecrAuthData: {
      registryId: '123456789012',
      region: 'us-east-1',
      repositoryName: 'flask-api',
      account: '123456789012',
      endpointOverride: 'localhost:4566',
      useExecutionRole: false,
    },
  });
  const other = await told({ image: 'public.ecr.aws/nginx/nginx:1' });
  assert.equal(other.container.registryAuthentication, undefined);
});

test('volumes, memory file systems and kernel parameters reach the node', async () => {
  const tmpfs = [
    { containerPath: '/run', size: 64, mountOptions: ['noexec', 'mode=1777'] },
    { containerPath: '/tmp', size: 8 },
  ];
  const { container, task } = await told(
    {
      mountPoints: [
        { sourceVolume: 'data', containerPath: '/data' },
        { sourceVolume: 'cache', containerPath: '/cache', readOnly: true },
      ],
      volumesFrom: [{ sourceContainer: 'side' }],
      linuxParameters: { tmpfs },
      systemControls: [{ namespace: 'net.core.somaxconn', value: '1024' }],
    },
    {},
    {
      containerDefinitions: [{ name: 'side', image: 'side:1', essential: false }],
      volumes: [{ name: 'cache' }, { name: 'data', host: {} }],
    },
  );
  assert.deepEqual(task.volumes, [
    { name: 'cache', type: 'host', host: {} },
    { name: 'data', type: 'host', host: {} },
  ]);
  assert.deepEqual(container.mountPoints, [
    { sourceVolume: 'data', containerPath: '/data', readOnly: false },
    { sourceVolume: 'cache', containerPath: '/cache', readOnly: true },
  ]);
  assert.deepEqual(container.volumesFrom, [{ sourceContainer: 'side', readOnly: false }]);
  const { hostConfig } = configs(container);
  assert.deepEqual(hostConfig.Tmpfs, { '/run': 'noexec,mode=1777,size=64m', '/tmp': 'size=8m' });
  assert.deepEqual(hostConfig.Sysctls, { 'net.core.somaxconn': '1024' });
});
