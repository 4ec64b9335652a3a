// What a payload's container becomes on the engine.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerSpecOf, limitsOf } from './container-spec.ts';
import { containerNameOf, taskOfLabels } from './labels.ts';
import { logDestinationOf } from './log-destination.ts';
import { awslogs, containerOf, taskOf } from './node.fixture.ts';
import { pauseSpecOf } from './pause.ts';

const context = { installation: 'test', machine: { cpus: 2, openFiles: 1_048_576 }, pauseId: 'p1' };
const mebibyte = 1024 * 1024;

const limitRows = [
  ['the task for a container without limits', { cpu: 0.5, memory: 1024 }, [[0, 0]], [512, 1024, 0.5]],
  ['its own where they are lower', { cpu: 1, memory: 2048 }, [[256, 512]], [256, 512, 1]],
  ['the task where its own memory is higher', { cpu: 1, memory: 512 }, [[0, 4096]], [1024, 512, 1]],
  [
    'an even part of what the others leave',
    { cpu: 1, memory: 512 },
    [
      [0, 0],
      [0, 0],
      [512, 0],
    ],
    [256, 512, 1],
  ],
  ['the machine where the task is larger', { cpu: 16, memory: 512 }, [[0, 0]], [16384, 512, 2]],
  [
    'the least weight where nothing is left',
    { cpu: 0.25, memory: 512 },
    [
      [0, 0],
      [256, 0],
    ],
    [2, 512, 0.25],
  ],
] as const;

for (const [name, size, containers, [shares, memory, cpus]] of limitRows) {
  test(`the limit is ${name}`, () => {
    const task = taskOf(
      1,
      containers.map(([cpu, own], index) => containerOf(`c${index}`, { cpu, memory: own })),
      size,
    );
    assert.deepEqual(limitsOf(task, task.containers[0]!, 2), {
      cpuShares: shares,
      memoryBytes: memory * mebibyte,
      nanoCpus: cpus * 1e9,
    });
  });
}

test('a task without a size of its own has no hard limits but those of its container', () => {
  const task = taskOf(1, [containerOf('a', { memory: 64 }), containerOf('b')], { cpu: undefined, memory: undefined });
  assert.deepEqual(limitsOf(task, task.containers[0]!, 2), {
    cpuShares: 2,
    memoryBytes: 64 * mebibyte,
    nanoCpus: undefined,
  });
  assert.equal(limitsOf(task, task.containers[1]!, 2).memoryBytes, undefined);
});

test('every member of dockerConfig arrives, and privileges cannot grow', () => {
  const config = {
    User: '1000',
    WorkingDir: '/srv',
    StopSignal: 'SIGINT',
    Tty: true,
    OpenStdin: true,
    Labels: { team: 'a' },
    Healthcheck: { Test: ['CMD-SHELL', 'ok'], Interval: 30e9, Timeout: 5e9, Retries: 3, StartPeriod: 0 },
  };
  const hostConfig = {
    MemoryReservation: 64 * mebibyte,
    ReadonlyRootfs: true,
    Init: true,
    CapAdd: ['SYS_PTRACE'],
    CapDrop: ['NET_RAW'],
    Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 20 }],
    Tmpfs: { '/scratch': 'rw,size=8m' },
    Sysctls: { 'net.core.somaxconn': '1024' },
  };
  const container = containerOf('app', {
    command: ['serve'],
    entryPoint: ['/bin/app'],
    environment: { A: '1' },
    healthCheckType: 'docker',
    mountPoints: [{ sourceVolume: 'data', containerPath: '/data', readOnly: true }],
    volumesFrom: [{ sourceContainer: 'db', readOnly: false }],
    dockerConfig: { version: '1.41', config: JSON.stringify(config), hostConfig: JSON.stringify(hostConfig) },
  });
  const volumes = ['cache', 'data'].map((name) => ({ name, type: 'host', host: {} }) as const);
  const spec = containerSpecOf(taskOf(1, [container], { volumes }), container, context);
  const { labels, ...rest } = spec;
  assert.deepEqual(rest, {
    name: `ecs-demo-1-app-${'1'.repeat(32)}`,
    image: 'app:1',
    network: { mode: 'container', id: 'p1' },
    entryPoint: ['/bin/app'],
    command: ['serve'],
    environment: { A: '1' },
    workingDirectory: '/srv',
    user: '1000',
    stopSignal: 'SIGINT',
    healthCheck: { command: ['CMD-SHELL', 'ok'], intervalMs: 30_000, timeoutMs: 5000, retries: 3, startPeriodMs: 0 },
    tty: true,
    interactive: true,
    mounts: [{ volume: `ecs-${'1'.repeat(32)}-1`, target: '/data', readOnly: true }],
    tmpfs: [{ target: '/scratch', options: 'rw,size=8m' }],
    volumesFrom: [{ container: `ecs-demo-1-db-${'1'.repeat(32)}`, readOnly: false }],
    sysctls: { 'net.core.somaxconn': '1024' },
    readOnlyRootFilesystem: true,
    init: true,
    capabilitiesAdd: ['SYS_PTRACE'],
    capabilitiesDrop: ['NET_RAW'],
    noNewPrivileges: true,
    pidsLimit: 4096,
    memoryBytes: 512 * mebibyte,
    memoryReservationBytes: 64 * mebibyte,
    cpuShares: 256,
    nanoCpus: 0.25e9,
    ulimits: [{ name: 'nofile', soft: 10, hard: 20 }],
  });
  assert.equal(labels['team'], 'a');
  assert.equal(labels['com.amazonaws.ecs.container-name'], 'app');
});

test('what an image says of health is switched off where the task has no health check', () => {
  const container = containerOf('app');
  assert.equal(containerSpecOf(taskOf(1, [container]), container, context).healthCheck, 'none');
});

test('Fargate opens 65535 files where nothing else was said', () => {
  const container = containerOf('app');
  assert.deepEqual(containerSpecOf(taskOf(1, [container]), container, context).ulimits, [
    { name: 'nofile', soft: 65535, hard: 65535 },
  ]);
});

test('labels of the user cannot pass for ours', () => {
  const Labels = { 'berth.installation': 'other', 'com.amazonaws.ecs.task-arn': 'x', 'berth.image-digest': 'sha256:0' };
  const config = JSON.stringify({ Labels });
  const container = containerOf('app', { dockerConfig: { version: '', config, hostConfig: '{}' } });
  const { labels } = containerSpecOf(taskOf(1, [container]), container, context);
  assert.equal(labels['berth.installation'], 'test');
  assert.equal(labels['com.amazonaws.ecs.task-arn'], taskOf(1, []).arn);
  assert.equal(labels['berth.image-digest'], '');
});

test('a task can be told from the labels of its containers', () => {
  const dependsOn = [{ containerName: 'db', condition: 'START' as const }];
  const web = containerOf('web', { dependsOn, stopTimeout: 7, essential: false }, awslogs());
  const task = taskOf(1, [web]);
  const { labels, name } = containerSpecOf(task, web, context);
  const container = {
    id: 'c1',
    name,
    labels,
    phase: 'running',
    imageId: 'sha256:1',
    createdAt: new Date(0),
    outOfMemory: false,
  };
  const told = taskOfLabels([{ ...container, phase: 'running' }])!;
  assert.equal(told.arn, task.arn);
  assert.equal(told.desiredStatus, 'STOPPED');
  const [found] = told.containers;
  assert.deepEqual([found!.name, found!.essential, found!.stopTimeout, found!.dependsOn], ['web', false, 7, dependsOn]);
  assert.deepEqual(logDestinationOf(told, found!), logDestinationOf(task, web));
  assert.equal(containerNameOf(told, 'web'), name);
});

test('name servers, search domains and hosts belong to the namespace', () => {
  const dns = { Dns: ['9.9.9.9'], DnsSearch: ['corp'], ExtraHosts: ['db:10.0.0.1', 'six:fe80::1'] };
  const task = taskOf(1, [containerOf('a', {}, dns), containerOf('b', {}, { Dns: ['9.9.9.9'] })]);
  const spec = pauseSpecOf('test', task, task.elasticNetworkInterfaces![0]!);
  assert.deepEqual(spec.dnsServers, ['9.9.9.9']);
  assert.deepEqual(spec.dnsSearchDomains, ['corp']);
  assert.deepEqual(spec.extraHosts, [
    { hostname: 'db', ipAddress: '10.0.0.1' },
    { hostname: 'six', ipAddress: 'fe80::1' },
  ]);
});

test('no registry can have the image of the pause container', () => {
  const task = taskOf(1, []);
  assert.match(pauseSpecOf('test', task, task.elasticNetworkInterfaces![0]!).image, /^[a-z]+\.invalid\//);
});

test('Fargate’s limit of open files is lowered where the engine could not grant it', () => {
  const container = containerOf('app');
  const { ulimits } = containerSpecOf(taskOf(1, [container]), container, {
    ...context,
    machine: { cpus: 2, openFiles: 20_000 },
  });
  assert.deepEqual(ulimits, [{ name: 'nofile', soft: 20_000, hard: 20_000 }]);
});
