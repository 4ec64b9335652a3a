// The node's behaviour on the fake engine: tasks run, end, fail, are adopted and cleared away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '#kernel/log.ts';
import { RuntimeError } from '#drivers/runtime.ts';
import { arnOf, awslogs, containerOf, harness, taskOf } from './node.fixture.ts';
import type { Harness } from './node.fixture.ts';
import { pauseImage } from './pause.ts';
import { observe } from './task-state.ts';
import type { PartState } from './task-state.ts';

const id = (n: number) => n.toString(16).repeat(32);
const longEnough = 600_000;

async function until(h: Harness, condition: () => boolean): Promise<void> {
  await h.clock.advanceUntil(condition, longEnough);
}

function running(h: Harness, n: number): boolean {
  return h.controlPlane.of(n).some((each) => each.status === 'RUNNING');
}

test('a task runs in its own namespace, ends with its exit code, and leaves nothing behind', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { runsForMs: 5_000, exitCode: 7 } });
  h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await until(h, () => running(h, 1));
  const pause = h.engine.find(`ecs-demo-1-internal-ecs-pause-${id(1)}`)!;
  assert.deepEqual(pause.spec.network, {
    mode: 'bridge',
    network: 'berth-vpc-1',
    ipv4Address: '172.31.0.17',
    macAddress: '02:42:ac:1f:00:11',
  });
  assert.equal(pause.spec.hostname, 'ip-172-31-0-17');
  assert.deepEqual(h.engine.find(`ecs-demo-1-app-${id(1)}`)!.spec.network, { mode: 'container', id: pause.id });
  await until(h, () => h.names().length === 0);
  const [first] = h.controlPlane.of(1);
  assert.equal(first!.status, 'PENDING');
  const ran = h.controlPlane.of(1).find((each) => each.status === 'RUNNING')!;
  assert.deepEqual(ran.attachments, [
    { attachmentArn: 'arn:aws:ecs:us-east-1:123456789012:attachment/1', status: 'ATTACHED' },
  ]);
  assert.match(ran.containers[0]!.imageDigest!, /^sha256:/);
  assert.ok(ran.pullStartedAt! <= ran.pullStoppedAt!);
  const stopped = h.controlPlane.stopped(1)!;
  assert.equal(stopped.reason, 'Essential container in task exited');
  assert.equal(stopped.containers[0]!.exitCode, 7);
  assert.ok(stopped.executionStoppedAt instanceof Date);
  await h.end();
});

test('a task that ends in a blink was RUNNING too', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { runsForMs: 0, exitCode: 0 } });
  h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.deepEqual([...new Set(h.controlPlane.of(1).map((each) => each.status))], ['PENDING', 'RUNNING', 'STOPPED']);
  await h.end();
});

test('containers start after what they depend on, and stop in reverse', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { termExitCode: 0, stopsInMs: 100 } });
  h.engine.publish('init:1', { program: { runsForMs: 2_000 } });
  const task = taskOf(1, [
    containerOf('web', { dependsOn: [{ containerName: 'db', condition: 'START' }] }),
    containerOf('db', { dependsOn: [{ containerName: 'init', condition: 'SUCCESS' }] }),
    containerOf('init', { image: 'init:1', essential: false }),
  ]);
  h.boot();
  await h.want(task);
  await until(h, () => running(h, 1));
  await h.want({ ...task, desiredStatus: 'STOPPED', containers: [] });
  await until(h, () => h.names().length === 0);
  const order = h.engine.history
    .filter((each) => each.what === 'start' || each.what === 'die')
    .map((each) => `${each.what} ${each.name.split('-')[3]}`);
  assert.deepEqual(order, [
    'start internal',
    'start init',
    'die init',
    'start db',
    'start web',
    'die web',
    'die db',
    'die internal',
  ]);
  assert.equal(h.controlPlane.stopped(1)!.reason, undefined);
  await h.end();
});

test('a container that ignores its stop signal is killed after its stop time-out', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { ignoresTerm: true } });
  const task = taskOf(1, [containerOf('app', { stopTimeout: 5 })]);
  h.boot();
  await h.want(task);
  await until(h, () => running(h, 1));
  const from = h.clock.now().getTime();
  await h.want({ ...task, desiredStatus: 'STOPPED', containers: [] });
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  const took = h.clock.now().getTime() - from;
  assert.ok(took >= 5_000 && took < 6_000, `${took} ms`);
  assert.equal(h.controlPlane.stopped(1)!.containers[0]!.exitCode, 137);
  await h.end();
});

test('an image that is not there stops the task with the words of AWS', async () => {
  const h = harness();
  h.boot();
  await h.want(taskOf(1, [containerOf('app', { image: 'localhost:4566/nothing:v1' })]));
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  const stopped = h.controlPlane.stopped(1)!;
  assert.equal(
    stopped.reason,
    'CannotPullContainerError: pull image manifest has been retried 1 time(s): ' +
      'failed to resolve ref localhost:4566/nothing:v1: localhost:4566/nothing:v1: not found',
  );
  assert.equal(stopped.containers[0]!.reason, stopped.reason);
  assert.equal(stopped.containers[0]!.exitCode, undefined);
  await until(h, () => h.names().length === 0);
  await h.end();
});

test('a registry that cannot be reached is tried five times', async () => {
  const h = harness();
  const words = 'Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused';
  h.engine.publish('app:1', { program: {}, pullFails: { reason: 'failed', message: words } });
  h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.equal(
    h.controlPlane.stopped(1)!.reason,
    `CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref app:1: ${words}`,
  );
  await h.end();
});

test('tasks share one pull of an image', async () => {
  const h = harness();
  let pulls = 0;
  h.engine.publish('app:1', { program: {}, pullMs: 3_000 });
  h.boot({
    registryLogin: async () => {
      pulls++;
      return { username: 'AWS', password: 'x' };
    },
  });
  const ecrAuthData = {
    repositoryName: 'app',
    account: '123456789012',
    registryId: '1',
    region: 'us-east-1',
    endpointOverride: 'localhost:1',
    useExecutionRole: false,
  };
  const container = containerOf('app', { registryAuthentication: { type: 'ecr', ecrAuthData } });
  await h.want(...[1, 2, 3, 4].map((n) => taskOf(n, [container])));
  await until(h, () => [1, 2, 3, 4].every((n) => running(h, n)));
  assert.equal(pulls, 1);
  await h.end();
});

test('a stop during a pull does not wait for it', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {}, pullMs: 300_000 });
  const task = taskOf(1, [containerOf('app')]);
  h.boot();
  await h.want(task);
  await h.clock.advance(1_000);
  await h.want({ ...task, desiredStatus: 'STOPPED', containers: [] });
  await h.clock.advance(1_000);
  assert.equal(h.controlPlane.stopped(1)!.reason, undefined);
  assert.deepEqual(h.names(), []);
  await h.clock.advance(300_000);
  assert.deepEqual(h.names(), []);
  await h.end();
});

test('a program that cannot be executed stops the task with the words of the engine', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { failsToStart: 'exec: "nope": executable file not found in $PATH' } });
  h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await until(h, () => h.names().length === 0 && h.controlPlane.stopped(1) !== undefined);
  const stopped = h.controlPlane.stopped(1)!;
  const words =
    'CannotStartContainerError: Error response from daemon: exec: "nope": executable file not found in $PATH';
  assert.equal(stopped.reason, words);
  assert.equal(stopped.containers[0]!.reason, words);
  assert.equal(running(h, 1), false);
  await h.end();
});

test('a container killed for its memory says so', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { memoryBytes: 1 << 30 } });
  h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  const [container] = h.controlPlane.stopped(1)!.containers;
  assert.equal(container!.exitCode, 137);
  assert.equal(container!.reason, 'OutOfMemoryError: Container killed due to memory usage');
  await h.end();
});

test('a container removed by hand ends its task', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {} });
  h.boot();
  await h.want(taskOf(1, [containerOf('app'), containerOf('side', { essential: false })]));
  await until(h, () => running(h, 1));
  h.engine.remove(`ecs-demo-1-app-${id(1)}`);
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.equal(h.controlPlane.stopped(1)!.reason, 'Essential container in task exited');
  await until(h, () => h.names().length === 0);
  await h.end();
});

test('what a node cannot run is refused in the reason', async () => {
  const h = harness();
  h.boot();
  await h.want(
    taskOf(1, [containerOf('app')], { networkMode: 'bridge' }),
    taskOf(2, [containerOf('app', { dependsOn: [{ containerName: 'app', condition: 'START' }] })]),
    taskOf(3, [containerOf('app', { dockerConfig: { version: '', config: '{', hostConfig: '{}' } })]),
  );
  await until(h, () => [1, 2, 3].every((n) => h.controlPlane.stopped(n) !== undefined));
  assert.match(h.controlPlane.stopped(1)!.reason!, /network mode bridge is not supported/);
  assert.match(h.controlPlane.stopped(2)!.reason!, /cycle/);
  assert.match(h.controlPlane.stopped(3)!.reason!, /JSON/);
  await h.end();
});

test('the control plane may refuse a report for a while: containers stay until it took it', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { runsForMs: 100, exitCode: 3 } });
  h.controlPlane.rejecting = true;
  h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await h.clock.advance(120_000);
  assert.equal(h.names().length, 2);
  h.controlPlane.rejecting = false;
  await until(h, () => h.names().length === 0);
  assert.equal(h.controlPlane.stopped(1)!.containers[0]!.exitCode, 3);
  await h.end();
});

test('a new node adopts what runs and what exited, and removes strays only once a manifest came', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {} });
  h.engine.publish('job:1', { program: { runsForMs: 60_000, exitCode: 9 } });
  const [lives, exits, stray] = [
    taskOf(1, [containerOf('app')]),
    taskOf(2, [containerOf('app', { image: 'job:1' })]),
    taskOf(3, [containerOf('app', {}, awslogs())]),
  ] as const;
  h.boot();
  await h.want(lives, exits, stray);
  await until(h, () => [1, 2, 3].every((n) => running(h, n)));
  await h.end();
  await h.clock.advance(60_000);
  const before = h.names();
  h.controlPlane.changes.length = 0;
  h.boot();
  await h.clock.advance(5_000);
  await h.want(lives, exits);
  await until(h, () => running(h, 1) && h.controlPlane.stopped(2) !== undefined);
  assert.equal(h.controlPlane.stopped(2)!.containers[0]!.exitCode, 9);
  assert.ok(before.filter((name) => name.endsWith(id(3))).every((name) => h.names().includes(name)));
  await h.manifest(lives, exits);
  await until(h, () => h.names().length === 2);
  assert.deepEqual(h.controlPlane.of(3), []);
  const starts = h.engine.history.filter((each) => each.what === 'start').map((each) => each.name);
  assert.equal(new Set(starts).size, starts.length, 'nothing starts twice');
  await h.end();
});

test('a stop that is asked for while the node is away is carried out from the labels alone', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { termExitCode: 0 } });
  const task = taskOf(1, [
    containerOf('web', { dependsOn: [{ containerName: 'db', condition: 'START' }] }),
    containerOf('db'),
  ]);
  h.boot();
  await h.want(task);
  await until(h, () => running(h, 1));
  await h.end();
  h.boot();
  const stop = { ...task, desiredStatus: 'STOPPED', containers: [] } as const;
  await h.want(stop);
  await h.manifest(stop);
  await until(h, () => h.names().length === 0);
  const died = h.engine.history.filter((each) => each.what === 'die').map((each) => each.name.split('-')[3]);
  assert.deepEqual(died, ['web', 'db', 'internal']);
  assert.deepEqual(
    h.controlPlane.stopped(1)!.containers.map((each) => [each.containerName, each.exitCode]),
    [
      ['web', 0],
      ['db', 0],
    ],
  );
  await h.end();
});

test('a node killed at any moment starts nothing twice and leaves nothing behind', async () => {
  const moments = [0, 1_000].flatMap((from) => Array.from({ length: 40 }, (_, step) => from + step * 2 + 1));
  for (const killAfter of moments) {
    const h = harness(4);
    h.engine.publish('app:1', { program: { runsForMs: 1_000, exitCode: 5 } });
    const task = taskOf(1, [containerOf('app'), containerOf('side', { essential: false })]);
    h.boot();
    await h.want(task);
    await h.clock.advance(killAfter);
    h.boot();
    // A control plane that knows the task to be STOPPED asks for it no more.
    if (h.controlPlane.stopped(1) === undefined) {
      await h.want(task);
      await h.manifest(task);
    } else {
      await h.manifest();
    }
    await until(h, () => h.controlPlane.stopped(1) !== undefined && h.names().length === 0);
    const starts = h.engine.history.filter((each) => each.what === 'start').map((each) => each.name);
    assert.equal(new Set(starts).size, starts.length, `killed after ${killAfter} ms: ${starts.join(' ')}`);
    assert.equal(h.controlPlane.stopped(1)!.containers[0]!.exitCode, 5);
    await h.end();
  }
});

test('an engine that goes away and ends its containers is listed again when it is back', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {} });
  h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await until(h, () => running(h, 1));
  h.engine.outage('end');
  await h.clock.advance(10_000);
  assert.equal(h.controlPlane.stopped(1), undefined);
  h.engine.heal();
  await until(h, () => h.controlPlane.stopped(1) !== undefined && h.names().length === 0);
  assert.equal(h.controlPlane.stopped(1)!.containers[0]!.exitCode, 137);
  await h.end();
});

test('an answer that was lost does not start a container twice', async () => {
  for (const call of ['create', 'start'] as const) {
    const h = harness();
    h.engine.publish('app:1', { program: { runsForMs: 10, exitCode: 4 } });
    h.boot();
    await h.clock.advance(100);
    h.engine.inject({ call, when: 'after', times: 2, fails: { reason: 'unavailable', message: 'socket hang up' } });
    await h.want(taskOf(1, [containerOf('app')]));
    await until(h, () => h.controlPlane.stopped(1) !== undefined && h.names().length === 0);
    const starts = h.engine.history.filter((each) => each.what === 'start').map((each) => each.name);
    assert.equal(new Set(starts).size, starts.length);
    assert.equal(h.controlPlane.stopped(1)!.containers[0]!.exitCode, 4);
    await h.end();
  }
});

test('a start whose answer and end were both missed is not tried again', async () => {
  const h = harness();
  const away = { reason: 'unavailable', message: 'socket hang up' } as const;
  const program = () => {
    // Neither the lost answer nor the events that follow can be looked into.
    h.engine.inject({ call: 'inspect', times: 2, fails: away });
    return { runsForMs: 10, exitCode: 4 };
  };
  h.engine.publish('app:1', { program });
  h.engine.have(pauseImage, { program: { termExitCode: 0 } });
  h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await h.clock.advanceUntil(() => h.engine.history.some((each) => each.what === 'start'), longEnough);
  h.engine.inject({ call: 'start', when: 'after', times: 1, fails: away });
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  const starts = h.engine.history.filter((each) => each.what === 'start').map((each) => each.name);
  assert.equal(new Set(starts).size, starts.length);
  assert.equal(h.controlPlane.stopped(1)!.containers[0]!.exitCode, 4);
  await h.end();
});

test('an end is told as soon as the engine says it', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { runsForMs: 5_000 } });
  h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await until(h, () => running(h, 1));
  await h.clock.advance(5_100);
  assert.equal(h.controlPlane.stopped(1)?.containers[0]!.exitCode, 0);
  await h.end();
});

test('answers of the engine may overtake each other', () => {
  const container = { id: 'c', name: 'n', labels: {}, imageId: 'i', createdAt: new Date(0), outOfMemory: false };
  const part: PartState = { observed: undefined, gone: false, busy: false, failures: 0 };
  assert.equal(observe(part, { ...container, phase: 'exited', exitCode: 3, startedAt: new Date(1) }), true);
  assert.equal(observe(part, { ...container, phase: 'running', startedAt: new Date(1) }), false);
  assert.equal(part.observed?.exitCode, 3);
});

test('output is shipped to its stream before the task is called STOPPED', async () => {
  const h = harness();
  h.engine.publish('app:1', {
    program: { runsForMs: 1_000, output: [{ text: 'one' }, { text: '' }, { text: 'two', afterMs: 900 }] },
  });
  h.boot();
  await h.want(taskOf(1, [containerOf('app', {}, awslogs())]));
  await until(h, () => h.sink.texts(`ecs/app/${id(1)}`).length === 1);
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.deepEqual(h.sink.texts(`ecs/app/${id(1)}`), ['one', 'two']);
  await h.end();
});

test('a missing log group keeps the task from starting, in the words of AWS', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {} });
  h.boot();
  await h.want(
    taskOf(1, [containerOf('app', {}, awslogs('/ecs/missing'))]),
    taskOf(2, [containerOf('app', {}, awslogs('/ecs/made', { 'awslogs-create-group': 'true' }))]),
  );
  await until(h, () => h.controlPlane.stopped(1) !== undefined && running(h, 2));
  assert.equal(
    h.controlPlane.stopped(1)!.reason,
    'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to ' +
      'create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1',
  );
  await h.end();
});

test('a sink that fails for long holds back neither STOPPED nor, in the end, a line', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { runsForMs: 100, output: [{ text: 'last words' }] } });
  h.sink.failing = { times: 8, keep: 0 };
  h.boot();
  await h.want(taskOf(1, [containerOf('app', {}, awslogs())]));
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.equal(h.names().length, 2, 'kept until drained');
  await until(h, () => h.names().length === 0);
  assert.deepEqual(h.sink.texts(`ecs/app/${id(1)}`), ['last words']);
  await h.end();
});

test('a task that ended is not started again when it is asked for once more', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { runsForMs: 10 } });
  const task = taskOf(1, [containerOf('app')]);
  h.boot();
  await h.want(task);
  await until(h, () => h.controlPlane.stopped(1) !== undefined && h.names().length === 0);
  await h.clock.advance(1_000);
  h.controlPlane.changes.length = 0;
  await h.want(task);
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.deepEqual(h.names(), []);
  await h.end();
});

test('what the control plane knew to run and the engine no longer has is reported, not made anew', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {} });
  h.boot();
  await h.want(taskOf(1, [containerOf('app')], { lastStatus: 'RUNNING' }));
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.equal(h.controlPlane.stopped(1)!.containers[0]!.reason, 'NoSuchContainerError: Container not found: app');
  assert.equal(h.engine.history.length, 0);
  await h.end();
});

test('a container that waits longer than a startTimeout for another never starts', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { termExitCode: 0 } });
  h.boot();
  await h.want(
    taskOf(1, [
      containerOf('web', { dependsOn: [{ containerName: 'init', condition: 'SUCCESS' }] }),
      containerOf('init', { essential: false, startTimeout: 10 }),
    ]),
  );
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.match(h.controlPlane.stopped(1)!.reason!, /\[init\] for target \[web\] has timed out/);
  assert.equal(
    h.engine.history.some((each) => each.what === 'start' && each.name.includes('-web-')),
    false,
  );
  await h.end();
});

test('an address that is still held by a task that ends is waited for', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { ignoresTerm: true } });
  const old = taskOf(1, [containerOf('app', { stopTimeout: 3 })]);
  h.boot();
  await h.want(old);
  await until(h, () => running(h, 1));
  await h.want({ ...old, desiredStatus: 'STOPPED', containers: [] });
  await h.want({ ...taskOf(2, [containerOf('app')]), elasticNetworkInterfaces: old.elasticNetworkInterfaces });
  await until(h, () => running(h, 2));
  await h.end();
});

test('a task that the control plane does not know any more ends, however often its reports were refused', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { termExitCode: 0 } });
  h.controlPlane.rejecting = true;
  h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await h.clock.advance(30_000);
  await h.manifest();
  await until(h, () => h.names().length === 0);
  h.controlPlane.rejecting = false;
  await h.clock.advance(60_000);
  assert.deepEqual(h.controlPlane.changes, []);
  await h.end();
});

test('a message for another container instance is refused', async () => {
  const h = harness();
  const node = h.boot();
  const message = { clusterArn: 'c', containerInstanceArn: 'other', messageId: 'm', seqNum: 1, timeline: 1, tasks: [] };
  await assert.rejects(node.session.payload(message), /other/);
  await assert.rejects(node.session.manifest(message), /other/);
  await h.end();
});

test('an engine that is away from the start is waited for, and said in the log', async () => {
  const h = harness();
  const lines: string[] = [];
  h.engine.publish('app:1', { program: {} });
  h.engine.outage();
  h.boot({ log: createLog(h.clock, 'warn', (line) => lines.push(line)) });
  await h.want(taskOf(1, [containerOf('app')]));
  await h.clock.advance(30_000);
  assert.match(lines[0]!, /the container engine does not answer/);
  h.engine.heal();
  await until(h, () => running(h, 1));
  await h.end();
});

test('fifty tasks at once run, and a stop does not wait behind starts', async () => {
  const h = harness(50);
  h.engine.publish('app:1', { program: { termExitCode: 0 } });
  h.boot();
  const first = taskOf(1, [containerOf('app')]);
  await h.want(first);
  await until(h, () => running(h, 1));
  const many = Array.from({ length: 50 }, (_, index) => {
    const task = taskOf(2 + index, [containerOf('app')]);
    return { ...task, arn: `arn:aws:ecs:us-east-1:123456789012:task/demo/${String(index).padStart(32, '0')}` };
  });
  await h.want(...many);
  await h.want({ ...first, desiredStatus: 'STOPPED', containers: [] });
  const from = h.clock.now().getTime();
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.ok(h.clock.now().getTime() - from < 1_000);
  const arns = () =>
    new Set(h.controlPlane.changes.filter((each) => each.status === 'RUNNING').map((each) => each.task));
  await until(h, () => arns().size === 51);
  assert.ok(!arns().has(arnOf(2)));
  await h.end();
});

test('a network that was pruned is made again', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {} });
  h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await until(h, () => running(h, 1));
  h.engine.networks.clear();
  await h.want(taskOf(2, [containerOf('app')]));
  await until(h, () => running(h, 2));
  assert.ok(h.engine.networks.has('berth-vpc-1'));
  await h.end();
});

test('a container with labels that cannot be read is a stray like others', async () => {
  const h = harness();
  h.engine.have('app:1', { program: {} });
  const labels = { 'berth.installation': 'test', 'com.amazonaws.ecs.task-arn': arnOf(3), 'berth.container': '{' };
  h.engine.create({ name: 'odd', image: 'app:1', labels, network: { mode: 'none' } });
  h.boot();
  await h.manifest();
  await until(h, () => h.names().length === 0);
  await h.end();
});

test('a network that cannot be made fails the task at once', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {} });
  h.engine.inject({ call: 'ensureNetwork', fails: new RuntimeError('conflict', 'Pool overlaps with other one') });
  h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.equal(
    h.controlPlane.stopped(1)!.reason,
    'ResourceInitializationError: failed to set up the network of the task: ' +
      "Error response from daemon: Pool overlaps with other one: another network of this machine uses the VPC's " +
      'addresses; remove it (docker network ls), or start Berth on a new data directory with another --vpc-cidr',
  );
  await h.end();
});

test('a node that is cleared ends with its last container and takes its bridges with it', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { runsForMs: 5_000 } });
  const node = h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await until(h, () => running(h, 1));
  let cleared = false;
  void node.clear().then(() => (cleared = true));
  assert.ok(h.engine.networks.has('berth-vpc-1'));
  await until(h, () => cleared);
  assert.deepEqual(h.names(), []);
  assert.equal(h.engine.networks.size, 0);
  await h.want(taskOf(2, [containerOf('app')]));
  await until(h, () => running(h, 2));
  await h.end();
});
