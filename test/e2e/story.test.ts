// The story's first half, with the real aws CLI and docker against a real process and a real engine.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Task } from '@aws-sdk/client-ecs';
import type { FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import { until } from '#kernel/until.fixture.ts';
import { Berth } from './berth.fixture.ts';
import { pushBusybox, taskDefinition } from './busybox-image.fixture.ts';

let berth: Berth;
let image: string;
let subnet: string;

before(async () => {
  berth = await Berth.start();
  const { repository } = await berth.aws<{ repository: { repositoryUri: string } }>(
    'ecr',
    'create-repository',
    '--repository-name',
    'hello',
  );
  assert.equal(repository.repositoryUri, `${berth.registry}/hello`);
  await berth.login();
  image = await pushBusybox(berth, 'hello');
  await berth.aws('ecs', 'create-cluster', '--cluster-name', 'demo');
  const { Subnets } = await berth.aws<{ Subnets: { SubnetId: string }[] }>('ec2', 'describe-subnets');
  subnet = Subnets[0]!.SubnetId;
});

after(async () => {
  await berth.remove();
});

async function runTask(family: string, script: string): Promise<string> {
  await berth.aws('ecs', 'register-task-definition', '--cli-input-json', taskDefinition(family, image, script));
  const { tasks } = await berth.aws<{ tasks: Task[] }>(
    ...['ecs', 'run-task', '--cluster', 'demo', '--launch-type', 'FARGATE', '--task-definition', family],
    ...['--network-configuration', `awsvpcConfiguration={subnets=[${subnet}]}`],
  );
  assert.equal(tasks[0]!.lastStatus, 'PROVISIONING');
  return tasks[0]!.taskArn!;
}

async function describe(task: string): Promise<Task> {
  const { tasks } = await berth.aws<{ tasks: Task[] }>('ecs', 'describe-tasks', '--cluster', 'demo', '--tasks', task);
  return tasks[0]!;
}

function waitFor(state: 'running' | 'stopped', task: string): Promise<Task> {
  return until(`the task is ${state}`, async () => {
    const seen = await describe(task);
    if (state === 'running' && seen.lastStatus === 'STOPPED') assert.fail(`the task stopped: ${seen.stoppedReason}`);
    return seen.lastStatus === state.toUpperCase() && seen;
  });
}

async function linesOf(family: string): Promise<string[]> {
  const { events } = await berth.aws<{ events: FilteredLogEvent[] }>(
    ...['logs', 'filter-log-events', '--log-group-name', `/ecs/${family}`],
  );
  return events.map((event) => event.message!);
}

test('a one-shot task runs, its output is in the logs, and its exit code is told', async () => {
  const task = await waitFor('stopped', await runTask('one-shot', 'echo hello from $AWS_EXECUTION_ENV; exit 7'));
  assert.equal(task.stopCode, 'EssentialContainerExited');
  assert.equal(task.stoppedReason, 'Essential container in task exited');
  assert.equal(task.containers![0]!.exitCode, 7);
  assert.match(task.containers![0]!.imageDigest!, /^sha256:/);
  assert.deepEqual(await linesOf('one-shot'), ['hello from AWS_ECS_FARGATE']);
});

test('a task has an address of its own that answers, and stops cleanly when asked', async () => {
  const script = [
    '/bin/busybox mkdir /www',
    'echo hi > /www/index.html',
    'trap "echo bye; exit 0" TERM',
    '/bin/busybox httpd -f -p 3000 -h /www & wait',
  ].join('; ');
  const running = await waitFor('running', await runTask('server', script));
  const details = running.attachments![0]!.details!;
  const address = details.find(({ name }) => name === 'privateIPv4Address')!.value!;
  assert.ok(address.startsWith(berth.vpcCidr.slice(0, berth.vpcCidr.indexOf('.0.0/') + 1)), address);
  await until('the server answers', async () => {
    try {
      return (await (await fetch(`http://${address}:3000/`)).text()) === 'hi\n';
    } catch {
      return false; // It does not listen yet.
    }
  });
  const { NetworkInterfaces } = await berth.aws<{ NetworkInterfaces: { PrivateIpAddress: string }[] }>(
    ...['ec2', 'describe-network-interfaces', '--filters', `Name=addresses.private-ip-address,Values=${address}`],
  );
  assert.equal(NetworkInterfaces.length, 1);
  await berth.aws('ecs', 'stop-task', '--cluster', 'demo', '--task', running.taskArn!, '--reason', 'enough');
  const stopped = await waitFor('stopped', running.taskArn!);
  assert.equal(stopped.stopCode, 'UserInitiated');
  assert.equal(stopped.stoppedReason, 'enough');
  assert.equal(stopped.containers![0]!.exitCode, 0);
  assert.deepEqual((await linesOf('server')).at(-1), 'bye');
});

test('a control plane that was killed adopts what runs, loses no line and no exit code', async () => {
  const script = 'i=0; while [ $i -lt 100 ]; do echo $i; i=$((i+1)); /bin/busybox usleep 100000; done; exit 3';
  const before = await waitFor('running', await runTask('survivor', script));
  await until('some lines came', async () => (await linesOf('survivor')).length > 5);
  await berth.end('SIGKILL');
  await berth.up();
  const adopted = await describe(before.taskArn!);
  assert.equal(adopted.lastStatus, 'RUNNING');
  assert.equal(adopted.containers![0]!.runtimeId, before.containers![0]!.runtimeId);
  const stopped = await waitFor('stopped', before.taskArn!);
  assert.equal(stopped.containers![0]!.exitCode, 3);
  assert.deepEqual(
    await linesOf('survivor'),
    Array.from({ length: 100 }, (_, index) => String(index)),
  );
});

test('a task that ended while no control plane was there is told of afterwards', async () => {
  const running = await waitFor('running', await runTask('orphan', '/bin/busybox sleep 1; echo done; exit 5'));
  await berth.end('SIGKILL');
  const { runtimeId } = running.containers![0]!;
  await until('the container has ended', async () => {
    const state = await berth.command('docker', 'inspect', '-f', '{{.State.Status}}', runtimeId!);
    return state.stdout.trim() === 'exited';
  });
  await berth.up();
  const stopped = await waitFor('stopped', running.taskArn!);
  assert.equal(stopped.containers![0]!.exitCode, 5);
  assert.deepEqual(await linesOf('orphan'), ['done']);
});

test('a container killed by hand is told of', async () => {
  const running = await waitFor('running', await runTask('victim', '/bin/busybox sleep 1000'));
  await berth.command('docker', 'kill', running.containers![0]!.runtimeId!);
  const stopped = await waitFor('stopped', running.taskArn!);
  assert.equal(stopped.stopCode, 'EssentialContainerExited');
  assert.equal(stopped.containers![0]!.exitCode, 137);
});

test('an image that does not exist ends in AWS’s words', async () => {
  const definition = taskDefinition('missing', `${berth.registry}/hello:absent`, 'true');
  await berth.aws('ecs', 'register-task-definition', '--cli-input-json', definition);
  const { tasks } = await berth.aws<{ tasks: Task[] }>(
    ...['ecs', 'run-task', '--cluster', 'demo', '--launch-type', 'FARGATE', '--task-definition', 'missing'],
    ...['--network-configuration', `awsvpcConfiguration={subnets=[${subnet}]}`],
  );
  const stopped = await waitFor('stopped', tasks[0]!.taskArn!);
  assert.equal(stopped.stopCode, 'TaskFailedToStart');
  assert.match(stopped.stoppedReason!, /^CannotPullContainerError: /);
});

test('lines are followed by aws logs tail within a second', async (t) => {
  const help = await berth.command('/usr/bin/aws', 'logs', 'tail', 'help');
  if (help.code !== 0) return t.skip('NO AWS CLI WITH logs tail (version 2) AT /usr/bin/aws: run script/setup');
  await waitFor('stopped', await runTask('tailed', 'echo first; echo second'));
  // Debian's version does not know AWS_ENDPOINT_URL yet.
  const endpoint = ['--endpoint-url', berth.environment.AWS_ENDPOINT_URL!];
  const { stdout } = await berth.command(
    '/usr/bin/aws',
    ...endpoint,
    'logs',
    'tail',
    '/ecs/tailed',
    '--format',
    'short',
  );
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ').at(-1)),
    ['first', 'second'],
  );
});

test('nothing is left behind: no container of a stopped task, and down --tasks stops the rest', async () => {
  const running = await waitFor('running', await runTask('last', '/bin/busybox sleep 1000'));
  const down = await berth.command('bin/berth', 'down', '--data', berth.data, '--tasks');
  assert.match(down.stdout, /stopped, and its tasks too/);
  assert.deepEqual(await berth.leftovers(), []);
  await berth.up();
  const stopped = await describe(running.taskArn!);
  assert.equal(stopped.lastStatus, 'STOPPED');
  assert.equal(stopped.stoppedReason, 'Berth was stopped with its tasks');
});
