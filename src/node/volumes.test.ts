// The volumes of tasks on the fake engine: made, shared, removed, found again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PayloadTask } from './messages.ts';
import { arnOf, containerOf, harness, taskOf } from './node.fixture.ts';
import type { Harness } from './node.fixture.ts';

const id = (n: number) => n.toString(16).repeat(32);

async function until(h: Harness, condition: () => boolean): Promise<void> {
  await h.clock.advanceUntil(condition, 600_000);
}

function running(h: Harness, n: number): boolean {
  return h.controlPlane.of(n).some((each) => each.status === 'RUNNING');
}

/** A task of one container with two volumes. */
function taskWithVolumes(n: number): PayloadTask {
  const mountPoints = ['data', 'cache'].map((name) => {
    return { sourceVolume: name, containerPath: `/${name}`, readOnly: name === 'cache' };
  });
  const volumes = ['cache', 'data'].map((name) => ({ name, type: 'host', host: {} }) as const);
  return taskOf(n, [containerOf('app', { mountPoints })], { volumes });
}

const volumeNames = (h: Harness) => [...h.engine.volumes.keys()].toSorted();

test('the volumes of a task are made before its containers, say whose they are, and go with it', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {} });
  h.boot();
  const task = taskWithVolumes(1);
  await h.want(task);
  await until(h, () => running(h, 1));
  assert.deepEqual(volumeNames(h), [`ecs-${id(1)}-0`, `ecs-${id(1)}-1`]);
  const { labels } = h.engine.volumes.get(`ecs-${id(1)}-1`)!;
  assert.deepEqual(
    [labels['berth.volume'], labels['berth.installation'], labels['com.amazonaws.ecs.task-arn']],
    ['data', 'test', arnOf(1)],
  );
  assert.deepEqual(h.engine.find(`ecs-demo-1-app-${id(1)}`)!.spec.mounts, [
    { volume: `ecs-${id(1)}-1`, target: '/data', readOnly: false },
    { volume: `ecs-${id(1)}-0`, target: '/cache', readOnly: true },
  ]);
  await h.want({ ...task, desiredStatus: 'STOPPED', containers: [], volumes: undefined });
  await until(h, () => h.names().length === 0);
  assert.deepEqual(volumeNames(h), []);
  await h.end();
});

test('a stop that is asked for while the node is away takes the volumes, too', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {} });
  h.boot();
  const task = taskWithVolumes(1);
  await h.want(task);
  await until(h, () => running(h, 1));
  h.boot();
  const stop = { ...task, desiredStatus: 'STOPPED', containers: [], volumes: undefined } as const;
  await h.want(stop);
  await h.manifest(stop);
  await until(h, () => h.names().length === 0);
  assert.deepEqual(volumeNames(h), []);
  await h.end();
});

test('volumes without containers are removed once a manifest does not name their task, and those of others are not', async () => {
  const h = harness();
  const own = { 'berth.installation': 'test', 'berth.volume': 'data' };
  const stray = { name: 'stray', labels: { ...own, 'com.amazonaws.ecs.task-arn': arnOf(2) } };
  const kept = { name: 'kept', labels: { ...own, 'com.amazonaws.ecs.task-arn': arnOf(3) } };
  const foreign = { name: 'foreign', labels: { ...stray.labels, 'berth.installation': 'other' } };
  for (const volume of [stray, kept, foreign]) h.engine.volumes.set(volume.name, volume);
  h.boot();
  await h.clock.advance(1_000);
  assert.deepEqual(volumeNames(h), ['foreign', 'kept', 'stray']);
  await h.manifest(taskWithVolumes(3));
  await until(h, () => volumeNames(h).length === 2);
  await h.clock.advance(120_000);
  assert.deepEqual(volumeNames(h), ['foreign', 'kept']);
  await h.end();
});

test('volumes that a container wants and its task has not are refused', async () => {
  const h = harness();
  h.boot();
  const mountPoints = [{ sourceVolume: 'data', containerPath: '/data', readOnly: false }];
  const from = (sourceContainer: string) => ({ volumesFrom: [{ sourceContainer, readOnly: false }] });
  await h.want(
    taskOf(1, [containerOf('app', { mountPoints })]),
    taskOf(2, [containerOf('app', from('db'))]),
    taskOf(3, [containerOf('app', from('db')), containerOf('db', from('app'))]),
  );
  await until(h, () => [1, 2, 3].every((n) => h.controlPlane.stopped(n) !== undefined));
  assert.match(h.controlPlane.stopped(1)!.reason!, /container app wants volumes of data, which is not in the task/);
  assert.match(h.controlPlane.stopped(2)!.reason!, /container app wants volumes of db, which is not in the task/);
  assert.match(h.controlPlane.stopped(3)!.reason!, /in a cycle/);
  await h.end();
});

test('volumes that cannot be made fail the task in the words of the ECS agent', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {} });
  h.engine.inject({ call: 'ensureVolume', fails: { reason: 'failed', message: 'no space left on device' } });
  h.boot();
  await h.want(taskWithVolumes(1));
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.equal(
    h.controlPlane.stopped(1)!.reason,
    'CannotCreateVolumeError: Error response from daemon: no space left on device',
  );
  await until(h, () => h.names().length === 0);
  await h.end();
});
