// The suite on the fake engine, and the faults that it injects.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { systemClock } from '#kernel/clock.ts';
import type { Clock } from '#kernel/clock.ts';
import { systemRandom } from '#kernel/random.ts';
import type { Random } from '#kernel/random.ts';
import { FakeEngine } from './fake-engine.ts';
import type { FakeEngineOptions } from './fake-engine.ts';
import type { FakeProgram } from './fake-image.ts';
import { FakeRuntime } from './runtime-fake.ts';
import type { ContainerSpec } from './runtime.ts';
import { runtimeSuite } from './runtime.suite.ts';

runtimeSuite('the fake runtime', async () => {
  const engine = new FakeEngine({ clock: systemClock, random: systemRandom });
  let images = 0;
  const program = async (what: FakeProgram) => {
    images += 1;
    const image = `berth-test/fake:${images}`;
    engine.have(image, { program: what });
    return { image };
  };
  return { runtime: new FakeRuntime(engine), program };
});

/** A clock that jumps to the next sleeper whenever nobody runs. */
function jumpingClock(): Clock {
  let now = 0;
  let jumping = false;
  const sleepers: { readonly at: number; wake(): void }[] = [];
  const jump = () => {
    jumping = false;
    sleepers.sort((a, b) => a.at - b.at);
    const next = sleepers.shift();
    if (next === undefined) return;
    now = Math.max(now, next.at);
    next.wake();
    schedule();
  };
  const schedule = () => {
    if (!jumping) setImmediate(jump);
    jumping = true;
  };
  return {
    now: () => new Date(now),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        sleepers.push({ at: now + ms, wake: resolve });
        signal?.addEventListener('abort', () => resolve(), { once: true });
        schedule();
      }),
  };
}

function seeded(seed: string): Random {
  let count = 0;
  const block = () =>
    createHash('sha512')
      .update(`${seed} ${(count += 1)}`)
      .digest();
  return {
    bytes: (length) => Buffer.concat(Array.from({ length: Math.ceil(length / 64) }, block)).subarray(0, length),
  };
}

const never = new AbortController().signal;
const reference = 'registry/app:1';

function world(options: Partial<FakeEngineOptions> = {}, program: FakeProgram = {}) {
  const engine = new FakeEngine({ clock: jumpingClock(), random: seeded('1'), ...options });
  engine.publish(reference, { program, pullMs: 500 });
  return { engine, runtime: new FakeRuntime(engine) };
}

function specNamed(name: string): ContainerSpec {
  return { name, image: reference, labels: { task: name }, network: { mode: 'none' } };
}

async function startOne(runtime: FakeRuntime, name = 'one'): Promise<string> {
  await runtime.pull(reference, undefined, never);
  const id = await runtime.create(specNamed(name));
  await runtime.start(id);
  return id;
}

test('an unpublished image and a refused one fail a pull', async () => {
  const { engine, runtime } = world();
  engine.publish('secret', { program: {}, pullFails: { reason: 'denied', message: 'pull access denied' } });
  await assert.rejects(runtime.pull('absent', undefined, never), { reason: 'not-found' });
  await assert.rejects(runtime.pull('secret', undefined, never), { reason: 'denied', message: 'pull access denied' });
  await assert.rejects(runtime.pull(reference, undefined, AbortSignal.abort(new Error('enough'))), /enough/);
});

test('the same seed gives the same history on a virtual clock', async () => {
  const story = async (seed: string) => {
    const random = seeded(seed);
    const { engine, runtime } = world(
      { random, latencyMs: (_call, chance) => chance.bytes(1)[0]! },
      { runsForMs: 90_000 },
    );
    const id = await startOne(runtime);
    await startOne(runtime, 'two');
    for await (const event of runtime.events('task', never)) if (event.action === 'die') break;
    await runtime.remove(id);
    return JSON.stringify(engine.history);
  };
  assert.equal(await story('a'), await story('a'));
  assert.notEqual(await story('a'), await story('b'));
});

test('an outage breaks calls and streams, and the containers go on', async () => {
  const { engine, runtime } = world({}, { output: [{ text: 'hello' }] });
  const id = await startOne(runtime);
  const broken = { name: 'RuntimeError', reason: 'unavailable' };
  const events = assert.rejects(Array.fromAsync(runtime.events('task', never)), broken);
  const logs = assert.rejects(Array.fromAsync(runtime.logs(id, undefined, never)), broken);
  await runtime.version();
  engine.outage();
  await events;
  await logs;
  await assert.rejects(runtime.inspect(id), broken);
  await assert.rejects(Array.fromAsync(runtime.events('task', never)), broken);
  engine.heal();
  assert.equal((await runtime.inspect(id))?.phase, 'running');
  engine.outage('end');
  engine.heal();
  assert.equal((await runtime.inspect(id))?.exitCode, 137);
});

test('a crash, a lack of memory and a removal by hand are seen as events', async () => {
  const { engine, runtime } = world();
  const aborter = new AbortController();
  const events = runtime.events('task', aborter.signal);
  const [crashed, starved] = [await startOne(runtime), await startOne(runtime, 'two')];
  engine.crash(crashed, 139);
  engine.runOutOfMemory(starved);
  engine.remove(crashed);
  const seen: string[] = [];
  for await (const { action, labels } of events) {
    seen.push(`${labels['task']} ${action}`);
    if (action === 'remove') aborter.abort();
  }
  assert.deepEqual(seen, ['one start', 'two start', 'one die', 'two oom', 'two die', 'one remove']);
  assert.equal((await runtime.inspect(starved))?.outOfMemory, true);
  assert.equal(await runtime.inspect(crashed), undefined);
});

test('a call fails as injected, before or after its effect, so many times', async () => {
  const { engine, runtime } = world();
  await runtime.pull(reference, undefined, never);
  const fails = { reason: 'failed', message: 'no space left on device' } as const;
  engine.inject({ call: 'create', fails, times: 1 });
  engine.inject({ call: 'create', fails: { ...fails, message: 'lost' }, when: 'after', times: 1 });
  await assert.rejects(runtime.create(specNamed('one')), /no space/);
  assert.equal((await runtime.list({})).length, 0);
  await runtime.create(specNamed('one'));
  engine.inject({ call: 'create', fails: { ...fails, message: 'lost' }, when: 'after', times: 1 });
  await assert.rejects(runtime.create(specNamed('two')), /lost/);
  assert.equal((await runtime.list({ task: 'two' })).length, 1);
});

test('a slow call takes its time on the clock', async () => {
  const { engine, runtime } = world();
  engine.inject({ call: 'version', slowMs: 60_000 });
  const begun = engine.clock.now().getTime();
  await runtime.version();
  assert.equal(engine.clock.now().getTime() - begun, 60_000);
});

test('containers outlive their client; the gone client hears nothing any more', async () => {
  const { engine, runtime } = world();
  const id = await startOne(runtime);
  let heard = false;
  const late = runtime.inspect(id).finally(() => (heard = true));
  runtime.disconnect();
  void late;
  const next = new FakeRuntime(engine);
  assert.equal((await next.list({ task: 'one' })).length, 1);
  await next.stop(id, 30);
  assert.equal((await next.inspect(id))?.exitCode, 143);
  assert.equal(heard, false);
});

test('a paused container goes on when it may', async () => {
  const { engine, runtime } = world({}, { output: [{ text: 'late', afterMs: 100 }], runsForMs: 100 });
  const id = await startOne(runtime);
  engine.pause(id, true);
  await engine.clock.sleep(1000);
  assert.equal((await runtime.inspect(id))?.phase, 'paused');
  engine.pause(id, false);
  const lines = await Array.fromAsync(runtime.logs(id, undefined, never));
  assert.equal(lines.length, 1);
  assert.equal((await runtime.inspect(id))?.exitCode, 0);
});
