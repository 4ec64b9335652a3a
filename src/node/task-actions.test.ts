// What becomes of a task when its containers vanish while actions on them are under way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arnOf, awslogs, containerOf, harness, taskOf } from './node.fixture.ts';
import type { Harness } from './node.fixture.ts';

/** Removes a container by hand as soon as it is there, before the node has its answer; gives whether that has happened. */
function snatch(h: Harness, name: string): () => boolean {
  const { engine } = h;
  const create = engine.create.bind(engine);
  let isDone = false;
  engine.create = (spec) => {
    const container = create(spec);
    if (!isDone && spec.name.includes(name)) {
      isDone = true;
      engine.remove(container.id);
    }
    return container;
  };
  return () => isDone;
}

test('a container removed by hand before it was seen never ran, and is not told to have', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {} });
  const isDone = snatch(h, '-init-');
  h.boot();
  const init = containerOf('init', { essential: false });
  await h.want(taskOf(1, [containerOf('app', { dependsOn: [{ containerName: 'init', condition: 'START' }] }), init]));
  await h.clock.advanceUntil(() => h.controlPlane.stopped(1) !== undefined, 60_000);
  assert.ok(isDone());
  assert.deepEqual(
    h.controlPlane.of(1).filter((each) => each.status === 'RUNNING'),
    [],
  );
  const told = h.controlPlane.stopped(1)!;
  assert.match(told.reason!, /dependency graph: failed to resolve .* \[init\] for target \[app\]/);
  const reasonOfInit = told.containers.find((each) => each.containerName === 'init')!.reason!;
  assert.match(reasonOfInit, /^CannotCreateContainerError: .*No such container/);
  await h.clock.advanceUntil(() => h.names().length === 0, 60_000);
  await h.end();
});

test('a pause container removed by hand before it was seen is made again', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {} });
  const isDone = snatch(h, 'internal-ecs-pause');
  h.boot();
  await h.want(taskOf(1, [containerOf('app')]));
  await h.clock.advanceUntil(() => h.controlPlane.of(1).some((each) => each.status === 'RUNNING'), 60_000);
  assert.ok(isDone());
  assert.equal(h.engine.history.filter(({ what }) => what === 'start').length, 2);
  assert.equal(h.controlPlane.stopped(1), undefined, `${arnOf(1)} runs on`);
  await h.end();
});

test('a container that the node never heard was made is removed though its task has ended', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: {} });
  h.boot();
  const task = taskOf(1, [containerOf('app')]);
  await h.want(task);
  await h.manifest(task);
  h.engine.inject({ call: 'inspect', fails: { reason: 'unavailable', message: 'socket hang up' } });
  await h.clock.advanceUntil(() => h.names().length > 0, 60_000);
  await h.want({ ...task, desiredStatus: 'STOPPED', containers: [] });
  await h.clock.advanceUntil(() => h.controlPlane.stopped(1) !== undefined, 60_000);
  h.engine.heal();
  const told = h.controlPlane.of(1).length;
  await h.clock.advanceUntil(() => h.names().length === 0, 120_000);
  await h.clock.advance(1_000);
  // It is asked about once more, and says the same as before.
  await h.want(task);
  await h.clock.settle();
  assert.deepEqual(h.controlPlane.of(1).slice(told), [h.controlPlane.stopped(1)]);
  await h.end();
});

test('a stop does not take a container whose start had no answer for one that never ran', async () => {
  const h = harness();
  h.engine.publish('app:1', { program: { termExitCode: 5, output: [{ text: 'on my way' }] } });
  h.boot();
  const task = taskOf(1, [containerOf('app', {}, awslogs())]);
  await h.want(task);
  const isStarted = () => h.engine.history.some(({ what, name }) => what === 'start' && name.includes('-app-'));
  await h.clock.advanceUntil(isStarted, 60_000);
  h.engine.outage();
  await h.clock.advance(50);
  await h.want({ ...task, desiredStatus: 'STOPPED', containers: [] });
  await h.clock.advance(1_000);
  assert.equal(h.controlPlane.stopped(1), undefined);
  h.engine.heal();
  await h.clock.advanceUntil(() => h.controlPlane.stopped(1) !== undefined, 60_000);
  assert.equal(h.controlPlane.stopped(1)!.containers[0]!.exitCode, 5);
  await h.clock.advanceUntil(() => h.names().length === 0, 60_000);
  assert.deepEqual(h.sink.texts(`ecs/app/${'1'.repeat(32)}`), ['on my way']);
  await h.end();
});
