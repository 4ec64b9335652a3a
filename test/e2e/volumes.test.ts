// Volumes of a task, memory file systems and kernel parameters, with the real aws CLI on a real engine.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Task } from '@aws-sdk/client-ecs';
import type { FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import { until } from '#kernel/until.fixture.ts';
import { Berth } from './berth.fixture.ts';
import { prepareDemo } from './busybox-image.fixture.ts';

let berth: Berth;
let image: string;
let network: string;

before(async () => {
  berth = await Berth.start();
  ({ image, network } = await prepareDemo(berth));
});
after(() => berth.remove());

/** A container whose script's output goes to `/ecs/volumes`. */
function shell(name: string, script: string[], parts: object = {}): object {
  const options = {
    'awslogs-group': '/ecs/volumes',
    'awslogs-region': 'us-east-1',
    'awslogs-stream-prefix': 'ecs',
    'awslogs-create-group': 'true',
  };
  const logConfiguration = { logDriver: 'awslogs', options };
  return { name, image, command: [script.join('; ')], stopTimeout: 2, logConfiguration, ...parts };
}

/** Two containers and one that shares what they have: it says what it finds, and runs on. */
const definition = (): object => ({
  family: 'volumes',
  requiresCompatibilities: ['FARGATE'],
  networkMode: 'awsvpc',
  cpu: '256',
  memory: '512',
  ephemeralStorage: { sizeInGiB: 30 },
  volumes: [{ name: 'cache', host: {} }, { name: 'data' }],
  containerDefinitions: [
    shell(
      'app',
      [
        'trap "exit 0" TERM',
        'export PATH=/bin; busybox cat /data/file',
        '{ echo more > /data/file; } 2>/dev/null || echo read-only',
        'busybox grep -c "^tmpfs /scratch tmpfs rw,nosuid.*size=8192k" /proc/mounts',
        'busybox cat /proc/sys/net/ipv4/tcp_keepalive_time',
        'while :; do busybox sleep 1000 & wait $!; done',
      ],
      {
        dependsOn: [{ containerName: 'writer', condition: 'SUCCESS' }],
        volumesFrom: [{ sourceContainer: 'writer', readOnly: true }],
        linuxParameters: { tmpfs: [{ containerPath: '/scratch', size: 8, mountOptions: ['rw', 'nosuid'] }] },
        systemControls: [{ namespace: 'net.ipv4.tcp_keepalive_time', value: '77' }],
      },
    ),
    shell('writer', ['echo kept > /data/file'], {
      essential: false,
      mountPoints: [
        { sourceVolume: 'data', containerPath: '/data' },
        { sourceVolume: 'cache', containerPath: '/cache', readOnly: true },
      ],
    }),
  ],
});

async function runTask(): Promise<string> {
  const { tasks } = await berth.aws<{ tasks: Task[] }>(
    ...['ecs', 'run-task', '--cluster', 'demo', '--launch-type', 'FARGATE', '--task-definition', 'volumes'],
    ...['--network-configuration', network],
  );
  return tasks[0]!.taskArn!;
}

function waitFor(status: string, task: string): Promise<Task> {
  return until(`the task is ${status}`, async () => {
    const asked = ['--cluster', 'demo', '--tasks', task];
    const { tasks } = await berth.aws<{ tasks: Task[] }>('ecs', 'describe-tasks', ...asked);
    const [seen] = tasks;
    if (seen!.lastStatus === 'STOPPED' && status !== 'STOPPED') assert.fail(`it stopped: ${seen!.stoppedReason}`);
    return seen!.lastStatus === status && seen;
  });
}

/** The names of this Berth's volumes on the engine. */
async function volumes(): Promise<string[]> {
  const installation = readFileSync(join(berth.data, 'installation'), 'utf8').trim();
  const filter = `label=berth.installation=${installation}`;
  const { stdout } = await berth.command('docker', 'volume', 'ls', '-q', '--filter', filter);
  return stdout.split('\n').filter(Boolean);
}

test('containers share the volumes of their task, which go with it, also over a killed control plane', async () => {
  await berth.aws('ecs', 'register-task-definition', '--cli-input-json', JSON.stringify(definition()));
  const task = await runTask();
  const { ephemeralStorage } = await waitFor('RUNNING', task);
  assert.deepEqual(ephemeralStorage, { sizeInGiB: 30 });
  const id = task.split('/').at(-1)!;
  const lines = await until('the container has said what it finds', async () => {
    const { events } = await berth.aws<{ events: FilteredLogEvent[] }>(
      ...['logs', 'filter-log-events', '--log-group-name', '/ecs/volumes'],
    );
    return events.length === 4 && events.map(({ message }) => message);
  });
  assert.deepEqual(lines, ['kept', 'read-only', '1', '77']);
  assert.deepEqual((await volumes()).toSorted(), [`ecs-${id}-0`, `ecs-${id}-1`]);

  await berth.end('SIGKILL');
  const installation = readFileSync(join(berth.data, 'installation'), 'utf8').trim();
  const labels = [
    `berth.installation=${installation}`,
    `com.amazonaws.ecs.task-arn=${task.replace(id, '0'.repeat(32))}`,
  ];
  await berth.command('docker', 'volume', 'create', '--label', labels[0]!, '--label', labels[1]!, `stray-${id}`);
  await berth.up();
  await until('the volume of a task that never was is removed', async () => (await volumes()).length === 2);
  await berth.aws('ecs', 'stop-task', '--cluster', 'demo', '--task', task);
  await waitFor('STOPPED', task);
  await until('the volumes are removed', async () => (await volumes()).length === 0);
});

test('what the host has is not mounted, and other kinds of volumes are refused by name', async () => {
  const rows: [object, RegExp][] = [
    [
      { host: { sourcePath: '/' } },
      /\(ClientException\).*: Fargate compatible task definitions do not support sourcePath/,
    ],
    [{ efsVolumeConfiguration: { fileSystemId: 'fs-1' } }, /volumes.*efsVolumeConfiguration/],
  ];
  for (const [how, words] of rows) {
    const json = JSON.stringify({ ...definition(), volumes: [{ name: 'data', ...how }, { name: 'cache' }] });
    const { code, stderr } = await berth.command('aws', 'ecs', 'register-task-definition', '--cli-input-json', json);
    assert.notEqual(code, 0);
    assert.match(stderr, words);
  }
});
