// Malformed task definitions and AWS's words for them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFargateSize } from './fargate.ts';
import { plainDefinition } from './fixture.ts';
import type { ContainerDefinition, RegisterInput } from './shapes.ts';
import { checkedTaskDefinition, parseCpu, parseMemory } from './validate-task-definition.ts';

const app: ContainerDefinition = { name: 'app', image: 'app:1' };
const side: ContainerDefinition = { name: 'side', image: 'side:1', essential: false };
const logs = (options: Record<string, string>, logDriver: string = 'awslogs') =>
  ({ logConfiguration: { logDriver, options } }) as Partial<ContainerDefinition>;
const awslogs = { 'awslogs-group': '/ecs/app', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'ecs' };

/** What is changed of a good definition, and what AWS says to it. */
const malformed: readonly (readonly [Partial<RegisterInput>, string])[] = [
  [{ family: undefined }, 'Family should not be null or empty.'],
  [
    containers({ ...app, environment: [{ name: 'A', value: 'a'.repeat(65_331) }] }),
    "Actual length: '65537'. Max allowed length is '65536' bytes.",
  ],
  [{ family: 'my family' }, 'Family contains invalid characters.'],
  [{ containerDefinitions: [] }, 'Container list cannot be empty.'],
  [containers({ ...app, name: undefined }), 'Container.name should not be null or empty.'],
  [containers({ ...app, name: 'my app' }), 'Container.name contains invalid characters.'],
  [containers({ ...app, image: '' }), 'Container.image should not be null or empty.'],
  [containers({ ...app, image: 'my image' }), 'Container.image contains invalid characters.'],
  [containers(app, app), 'Container names must be unique within a task definition.'],
  [containers({ ...app, essential: false }), "Task definition doesn't have any essential container."],
  [
    containers(...Array.from({ length: 11 }, (_, n) => ({ ...app, name: `app-${n}` }))),
    'A task definition can have at most 10 containers.',
  ],
  [{ networkMode: 'bridge' }, 'Fargate only supports network mode ‘awsvpc’.'],
  [{ networkMode: undefined }, 'Fargate only supports network mode ‘awsvpc’.'],
  [{ cpu: undefined }, "Fargate requires that 'cpu' be defined at the task level."],
  [
    { ...containers({ ...app, memory: 128 }), memory: undefined },
    "Fargate requires that 'memory' be defined at the task level.",
  ],
  [{ cpu: 'much' }, "Invalid 'cpu' setting for task."],
  [{ memory: '1 TB' }, "Invalid 'memory' setting for task."],
  [
    { cpu: '256', memory: '4096' },
    'No Fargate configuration exists for given values: 256 CPU, 4096 memory. See the Amazon ECS documentation for the valid values.',
  ],
  [
    { ...containers(app), requiresCompatibilities: ['EC2'], memory: undefined },
    "Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified.",
  ],
  [
    containers({ ...app, memory: 128, memoryReservation: 256 }),
    "Invalid setting for container 'app'. 'memory' must be greater than or equal to 'memoryReservation'.",
  ],
  [containers({ ...app, memory: 1024 }), "The 'memory' setting for container 'app' is greater than for the task."],
  [
    containers({ ...app, cpu: 200 }, { ...side, cpu: 100 }),
    "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
  ],
  [
    containers({ ...app, memory: 400 }, { ...side, memoryReservation: 200 }),
    "The sum of all container 'memory' values cannot be greater than the value of the task 'memory'.",
  ],
  [
    containers({ ...app, portMappings: [{ containerPort: 3000, hostPort: 80 }] }),
    'When networkMode=awsvpc, the host ports and container ports in port mappings must match.',
  ],
  [
    containers({ ...app, portMappings: [{ containerPort: 70_000 }] }),
    "Invalid 'containerPort' setting in port mappings: it must be between 1 and 65535.",
  ],
  [
    containers({
      ...app,
      portMappings: [
        { containerPort: 80, name: 'http' },
        { containerPort: 81, name: 'http' },
      ],
    }),
    'port mapping name http is already used',
  ],
  [
    containers({ ...app, dependsOn: [{ containerName: 'db', condition: 'START' }] }),
    "Cannot depend on container + 'db' because it does not exist",
  ],
  [
    containers({ ...app, dependsOn: [{ containerName: 'side', condition: 'HEALTHY' }] }, side),
    'A dependency container with HEALTHY condition must have health check configured',
  ],
  [
    containers({ ...app, healthCheck: { command: ['CMD', 'ok'], interval: 1 } }),
    'Health check interval must be greater than or equal to the minimum allowed value 5',
  ],
  [
    containers({ ...app, dependsOn: [{ containerName: 'db', condition: 'SUCCESS' }] }, { ...app, name: 'db' }),
    'A dependency container with SUCCESS or COMPLETE condition cannot be an essential container',
  ],
  [
    containers(
      { ...app, dependsOn: [{ containerName: 'side', condition: 'START' }] },
      { ...side, dependsOn: [{ containerName: 'app', condition: 'START' }] },
    ),
    'Container dependencies should not have a cycle',
  ],
  [containers({ ...app, stopTimeout: 1 }), "Granular stop timeout on container 'app' must be at least 2 seconds."],
  [
    containers({ ...app, stopTimeout: 121 }),
    'Tasks using the Fargate launch type must have a container stop timeout of less than 120 seconds.',
  ],
  [containers({ ...app, privileged: true }), "Fargate requires that the 'privileged' setting be 'false'."],
  [
    containers({ ...app, linuxParameters: { capabilities: { add: ['SYS_ADMIN'] } } }),
    'SYS_ADMIN is not allowed on Fargate.',
  ],
  [
    containers({ ...app, ulimits: [{ name: 'nofile', softLimit: 2048, hardLimit: 1024 }] }),
    'Soft limit exceeds hard limit for ulimit nofile',
  ],
  [
    containers({ ...app, ulimits: [{ name: 'files' as 'nofile', softLimit: 1, hardLimit: 1 }] }),
    'files is not a valid ulimit. Must be one of [core,cpu,data,fsize,locks,memlock,msgqueue,nice,nofile,nproc,rss,rtprio,rttime,sigpending,stack]',
  ],
  [
    containers({ ...app, portMappings: [{ containerPort: 80, protocol: 'icmp' as 'tcp' }] }),
    'icmp is not a valid protocol. Must be one of [tcp,udp]',
  ],
  [
    containers({ ...app, dependsOn: [{ containerName: 'side', condition: 'SOON' as 'START' }] }, side),
    'SOON is not a valid condition. Must be one of [START,COMPLETE,SUCCESS,HEALTHY]',
  ],
  [
    containers({ ...app, environment: [{ name: '', value: 'x' }] }),
    "Invalid setting for container 'app'. Environment variable names should not be null or empty.",
  ],
  [
    containers({ ...app, environment: [{ name: 'A=B', value: 'x' }] }),
    "Invalid setting for container 'app'. Environment variable 'A=B' contains invalid characters.",
  ],
  [containers({ ...app, ...logs({}) }), 'Log driver awslogs requires options: awslogs-region, awslogs-group'],
  [
    containers({ ...app, ...logs({ ...awslogs, 'awslogs-endpoint': 'x' }) }),
    'Log driver awslogs disallows options: awslogs-endpoint',
  ],
  [
    containers({ ...app, ...logs({ 'awslogs-group': 'g', 'awslogs-region': 'us-east-1' }) }),
    'Fargate requires log configuration options to include awslogs-stream-prefix to support log driver awslogs.',
  ],
  [
    containers({ ...app, ...logs({ ...awslogs, mode: 'non-blocking' }) }),
    'Berth does not support these options of awslogs yet: mode',
  ],
  [
    containers({ ...app, ...logs({}, 'splunk') }),
    'Berth does not support the log driver splunk yet: awslogs is supported.',
  ],
  [
    { runtimePlatform: { cpuArchitecture: 'ARM64' } },
    "This machine runs X86_64 containers: cpuArchitecture 'ARM64' is not available.",
  ],
  [
    { runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } },
    "Berth runs Linux containers only: operatingSystemFamily 'WINDOWS_SERVER_2022_CORE' is not supported.",
  ],
  [{ enableFaultInjection: true }, 'Berth does not support fault injection yet.'],
  [
    { requiresCompatibilities: ['MANAGED_INSTANCES'] },
    "Berth does not support the compatibility 'MANAGED_INSTANCES': one of [EC2,FARGATE,EXTERNAL] is.",
  ],
];

function containers(...containerDefinitions: ContainerDefinition[]): Partial<RegisterInput> {
  return { containerDefinitions };
}

for (const [change, message] of malformed) {
  test(`a definition with ${JSON.stringify(change)?.slice(0, 100)} is refused: ${message}`, () => {
    assert.throws(() => checkedTaskDefinition({ ...plainDefinition, ...change }, 'X86_64'), {
      code: 'ClientException',
      message,
    });
  });
}

test('what a container definition leaves out is filled in as AWS fills it in', () => {
  const { containerDefinitions, ...rest } = checkedTaskDefinition(
    { ...plainDefinition, ...containers({ ...app, ...logs(awslogs), portMappings: [{ containerPort: 3000 }] }) },
    'X86_64',
  );
  assert.deepEqual(containerDefinitions, [
    {
      name: 'app',
      image: 'app:1',
      cpu: 0,
      essential: true,
      portMappings: [{ containerPort: 3000, hostPort: 3000, protocol: 'tcp' }],
      environment: [],
      mountPoints: [],
      volumesFrom: [],
      systemControls: [],
      logConfiguration: { logDriver: 'awslogs', options: awslogs },
    },
  ]);
  assert.deepEqual(rest.compatibilities, ['EC2', 'FARGATE']);
  assert.deepEqual(
    rest.requiresAttributes.map(({ name }) => name),
    [
      'com.amazonaws.ecs.capability.logging-driver.awslogs',
      'com.amazonaws.ecs.capability.docker-remote-api.1.19',
      'com.amazonaws.ecs.capability.docker-remote-api.1.18',
      'ecs.capability.task-eni',
    ],
  );
});

test('a definition that asks for no compatibility is taken, and says what could run it', () => {
  const bridge = { family: 'web', containerDefinitions: [{ ...app, memory: 128 }] };
  assert.deepEqual(checkedTaskDefinition(bridge, 'X86_64').compatibilities, ['EXTERNAL', 'EC2']);
  const awsvpc = { ...bridge, networkMode: 'awsvpc' as const };
  assert.deepEqual(checkedTaskDefinition(awsvpc, 'X86_64').compatibilities, ['EC2']);
  assert.deepEqual(checkedTaskDefinition({ ...awsvpc, cpu: '256', memory: '512' }, 'X86_64').compatibilities, [
    'EC2',
    'FARGATE',
  ]);
});

test('a container may wait for the health of another that is checked, which asks for an engine that can', () => {
  const waiting = { ...app, dependsOn: [{ containerName: 'side', condition: 'HEALTHY' as const }] };
  const checked = { ...side, healthCheck: { command: ['CMD', 'ok'] } };
  const made = checkedTaskDefinition({ ...plainDefinition, ...containers(waiting, checked) }, 'X86_64');
  assert.deepEqual(made.containerDefinitions[1]!.healthCheck, {
    command: ['CMD', 'ok'],
    interval: 30,
    timeout: 5,
    retries: 3,
  });
  const names = new Set(made.requiresAttributes.map(({ name }) => name));
  assert.ok(names.has('ecs.capability.container-health-check'));
  assert.ok(names.has('com.amazonaws.ecs.capability.docker-remote-api.1.24'));
});

test('a definition may say that it wants no fault injection', () => {
  const { family } = checkedTaskDefinition({ ...plainDefinition, enableFaultInjection: false }, 'X86_64');
  assert.equal(family, plainDefinition.family);
});

test('a machine of the architecture that is asked for takes the definition', () => {
  const arm = { ...plainDefinition, runtimePlatform: { cpuArchitecture: 'ARM64' as const } };
  assert.deepEqual(checkedTaskDefinition(arm, 'ARM64').runtimePlatform, { cpuArchitecture: 'ARM64' });
});

test('sizes are read in units and vCPUs, MiB and GB', () => {
  assert.deepEqual(['256', '.25 vCPU', '0.25vcpu', '1 vCPU'].map(parseCpu), [256, 256, 256, 1024]);
  assert.deepEqual(['512', '0.5GB', '0.5 gb', '2 GB'].map(parseMemory), [512, 512, 512, 2048]);
  assert.equal(parseCpu(undefined), undefined);
  for (const text of ['', '0', '-1', '1 core', '0.0001 vCPU', '1e3']) {
    assert.throws(() => parseCpu(text), { message: "Invalid 'cpu' setting for task." }, text);
  }
});

test('Fargate has the sizes of its table and no others', () => {
  const memories = (cpu: number) =>
    Array.from({ length: 1000 }, (_, n) => n * 128).filter((m) => isFargateSize(cpu, m));
  assert.deepEqual(memories(256), [512, 1024, 2048]);
  assert.deepEqual(memories(512), [1024, 2048, 3072, 4096]);
  assert.deepEqual(memories(1024), [2048, 3072, 4096, 5120, 6144, 7168, 8192]);
  assert.deepEqual([memories(2048).length, memories(4096).length], [13, 23]);
  assert.deepEqual(memories(8192).slice(0, 3), [16384, 20480, 24576]);
  assert.deepEqual([memories(8192).at(-1), memories(16384).at(0), memories(16384).at(-1)], [61440, 32768, 122880]);
  fc.assert(
    fc.property(fc.nat(20_000), fc.nat(200_000), (cpu, memory) => {
      fc.pre(![256, 512, 1024, 2048, 4096, 8192, 16384].includes(cpu));
      assert.equal(isFargateSize(cpu, memory), false);
    }),
  );
});

test('dependencies among containers are a cycle only where one leads back to its start', () => {
  const arbitrary = fc
    .integer({ min: 2, max: 8 })
    .chain((count) =>
      fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 12 }).map((edges) => ({ count, edges })),
    );
  fc.assert(
    fc.property(arbitrary, ({ count, edges }) => {
      const definitions = Array.from({ length: count }, (_, n) => ({
        ...app,
        name: `c${n}`,
        dependsOn: edges
          .filter(([from]) => from === n)
          .map(([, to]) => ({ containerName: `c${to}`, condition: 'START' as const })),
      }));
      const reach = (from: number, seen = new Set<number>()): Set<number> => {
        for (const [start, end] of edges) {
          if (start !== from || seen.has(end)) continue;
          seen.add(end);
          reach(end, seen);
        }
        return seen;
      };
      const cyclic = Array.from({ length: count }, (_, n) => n).some((n) => reach(n).has(n));
      const check = () => checkedTaskDefinition({ ...plainDefinition, containerDefinitions: definitions }, 'X86_64');
      if (cyclic) assert.throws(check, { message: 'Container dependencies should not have a cycle' });
      else check();
    }),
  );
});
