// The health of a task's containers, from the engine's checks to the reports: on the fake engine.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FakeProgram } from '#drivers/fake-image.ts';
import type { PayloadContainer } from './messages.ts';
import { containerOf, harness, taskOf } from './node.fixture.ts';
import type { Harness } from './node.fixture.ts';

/** Every ten seconds, unhealthy after two failures. */
function checked(name: string, parts: Partial<PayloadContainer> = {}): PayloadContainer {
  const Healthcheck = { Test: ['CMD', 'ok'], Interval: 10e9, Timeout: 5e9, Retries: 2, StartPeriod: 0 };
  const dockerConfig = { version: '1.41', config: JSON.stringify({ Healthcheck }), hostConfig: '{}' };
  return containerOf(name, { image: `${name}:1`, healthCheckType: 'docker', dockerConfig, ...parts });
}

async function until(h: Harness, condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 600 && !condition(); turn++) await h.clock.advance(100);
  assert.ok(condition(), 'it came to that');
}

function programs(h: Harness, each: Readonly<Record<string, FakeProgram>>): void {
  for (const [name, program] of Object.entries(each)) h.engine.publish(`${name}:1`, { program });
}

/** What was told of a container's health, repetitions left out. */
function told(h: Harness, name: string): (string | undefined)[] {
  const every = h.controlPlane.of(1).map((change) => change.containers.find((each) => each.containerName === name));
  const healths = every.map((each) => each?.healthStatus);
  return healths.filter((health, at) => at === 0 || health !== healths[at - 1]);
}

const startsOf = (h: Harness, name: string) =>
  h.engine.history.filter((each) => each.what === 'start' && each.name.includes(`-${name}-`));

test('health is told as it changes, the last word stays when the task is stopped', async () => {
  const h = harness();
  programs(h, { app: { checks: [true, false, false, true] } });
  h.boot();
  await h.want(taskOf(1, [checked('app')]));
  await until(h, () => told(h, 'app').length === 5);
  await h.want(taskOf(1, [], { desiredStatus: 'STOPPED' }));
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.deepEqual(told(h, 'app'), [undefined, 'UNKNOWN', 'HEALTHY', 'UNHEALTHY', 'HEALTHY']);
  await h.end();
});

test('that a container fails its checks while it is stopped says nothing of its health', async () => {
  const h = harness();
  programs(h, { app: { checks: [true, false], stopsInMs: 100_000 } });
  h.boot();
  await h.want(taskOf(1, [checked('app', { stopTimeout: 110 })]));
  await until(h, () => told(h, 'app').at(-1) === 'HEALTHY');
  await h.want(taskOf(1, [], { desiredStatus: 'STOPPED' }));
  await h.clock.advance(60_000);
  assert.equal(
    [...h.engine.containers.values()].find((each) => each.spec.name.includes('-app-'))!.describe().health,
    'unhealthy',
  );
  await h.clock.advance(60_000);
  assert.equal(h.controlPlane.stopped(1)!.containers[0]!.healthStatus, 'HEALTHY');
  await h.end();
});

test('an unhealthy essential container does not end its task', async () => {
  const h = harness();
  programs(h, { app: { checks: [false] } });
  h.boot();
  await h.want(taskOf(1, [checked('app')]));
  await until(h, () => told(h, 'app').at(-1) === 'UNHEALTHY');
  await h.clock.advance(60_000);
  assert.equal(h.controlPlane.stopped(1), undefined);
  await h.end();
});

test('a container that waits for the health of another starts once it is healthy', async () => {
  const h = harness();
  programs(h, { db: { checks: [false, true] }, web: {} });
  h.boot();
  const web = containerOf('web', { image: 'web:1', dependsOn: [{ containerName: 'db', condition: 'HEALTHY' }] });
  await h.want(taskOf(1, [web, checked('db', { startTimeout: 60 })]));
  await until(h, () => startsOf(h, 'db').length === 1);
  await h.clock.advance(15_000);
  assert.equal(startsOf(h, 'web').length, 0, 'not before');
  await until(h, () => startsOf(h, 'web').length === 1);
  await until(h, () => h.controlPlane.of(1).at(-1)?.status === 'RUNNING');
  await h.clock.advance(60_000);
  assert.equal(h.controlPlane.stopped(1), undefined, 'its startTimeout has no bearing any more');
  await h.end();
});

test('a task whose dependency is not healthy within its startTimeout stops, and says why', async () => {
  const h = harness();
  programs(h, { db: { checks: [false], termExitCode: 0 }, web: {} });
  h.boot();
  const web = containerOf('web', { image: 'web:1', dependsOn: [{ containerName: 'db', condition: 'HEALTHY' }] });
  await h.want(taskOf(1, [web, checked('db', { startTimeout: 30 })]));
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.equal(
    h.controlPlane.stopped(1)!.reason,
    'dependency graph: container ordering dependency [db] for target [web] has timed out.',
  );
  assert.equal(startsOf(h, 'web').length, 0);
  await h.end();
});

test('a restarted node goes on with what the engine says', async () => {
  const h = harness();
  programs(h, { app: { checks: [true, true, true, false] } });
  h.boot();
  await h.want(taskOf(1, [checked('app')]));
  await until(h, () => told(h, 'app').at(-1) === 'HEALTHY');
  h.boot();
  await h.want(taskOf(1, [checked('app')], { lastStatus: 'RUNNING' }));
  await until(h, () => told(h, 'app').at(-1) === 'UNHEALTHY');
  await h.end();
});

test('a node does not wait for the health of what is never checked', async () => {
  const h = harness();
  programs(h, { db: {}, web: {} });
  h.boot();
  const web = containerOf('web', { image: 'web:1', dependsOn: [{ containerName: 'db', condition: 'HEALTHY' }] });
  await h.want(taskOf(1, [web, containerOf('db', { image: 'db:1' })]));
  await until(h, () => h.controlPlane.stopped(1) !== undefined);
  assert.match(
    h.controlPlane.stopped(1)!.reason!,
    /container web waits for db to be HEALTHY, which has no health check/,
  );
  await h.end();
});
