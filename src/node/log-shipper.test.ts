// Log shipping: nothing lost, nothing twice, at once when idle, in bounded memory when it pours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { silentLog } from '#kernel/log.ts';
import { seededRandom } from '#kernel/seeded-random.ts';
import { VirtualClock } from '#kernel/virtual-clock.ts';
import { FakeEngine } from '#drivers/fake-engine.ts';
import type { FakeProgram } from '#drivers/fake-image.ts';
import { RuntimeError } from '#drivers/runtime.ts';
import type { LogLine } from '#drivers/runtime.ts';
import { FakeRuntime } from '#drivers/runtime-fake.ts';
import { shipLogs } from './log-shipper.ts';
import type { LogSinkDestination } from './log-sink.ts';
import { MemorySink } from './node.fixture.ts';

const destination: LogSinkDestination = {
  account: '123456789012',
  region: 'us-east-1',
  logGroupName: '/ecs/demo',
  logStreamName: 'ecs/app/1',
  createGroup: false,
};

function setUp() {
  const clock = new VirtualClock();
  const random = seededRandom(3);
  const engine = new FakeEngine({ clock, random });
  const runtime = new FakeRuntime(engine);
  const sink = new MemorySink();
  const life = new AbortController();
  const options = { runtime, logSink: sink, clock, random, log: silentLog };
  return {
    ...options,
    engine,
    sink,
    life,
    ship: (id: string) => shipLogs(options, id, destination, life.signal),
    async start(program: FakeProgram): Promise<string> {
      engine.have('app:1', { program });
      const id = await runtime.create({ name: 'app', image: 'app:1', labels: {}, network: { mode: 'none' } });
      await runtime.start(id);
      return id;
    },
  };
}

const texts = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`);

test('a line is with the sink at once', async () => {
  const it = setUp();
  const id = await it.start({ output: [{ text: 'hello', afterMs: 1_000 }] });
  void it.ship(id);
  await it.clock.advance(1_000);
  assert.deepEqual(it.sink.texts('ecs/app/1'), ['hello']);
  it.life.abort();
});

test('what comes while the sink is busy goes in one batch', async () => {
  const it = setUp();
  it.sink.onAppend = () => it.clock.sleep(100);
  const id = await it.start({ runsForMs: 50, output: texts(1_000).map((text) => ({ text })) });
  const shipped = it.ship(id);
  await it.clock.advance(1_000);
  assert.equal(await shipped, 'complete');
  assert.deepEqual(it.sink.texts('ecs/app/1'), texts(1_000));
  assert.equal(it.sink.appends, 2);
});

test('while the sink is behind, no more than two batches are read ahead', async () => {
  const it = setUp();
  let given = 0;
  const flood = async function* (): AsyncGenerator<LogLine, void, undefined> {
    for (const text of texts(100_000)) {
      given++;
      yield { stream: 'stdout', timestamp: new Date(given).toISOString(), text };
    }
  };
  Object.assign(it.runtime, { logs: flood });
  let open = () => {};
  it.sink.onAppend = () => new Promise((resolve) => void (open = resolve));
  const id = await it.start({ runsForMs: 0 });
  const shipped = it.ship(id);
  await it.clock.advance(1_000);
  assert.ok(given > 0 && given < 10_002, `${given} lines read`);
  it.sink.onAppend = async () => {};
  open();
  await it.clock.advance(1_000);
  assert.equal(await shipped, 'complete');
  assert.equal(it.sink.texts('ecs/app/1').length, 100_000);
});

test('lines with one timestamp are told apart by their number', async () => {
  const it = setUp();
  const at = '2026-01-01T00:00:00.000000001Z';
  const lines = ['a', 'a', '', 'b', 'a'].map((text): LogLine => ({ stream: 'stdout', timestamp: at, text }));
  Object.assign(it.runtime, {
    logs: async function* () {
      yield* lines;
    },
  });
  it.sink.failing = { times: 1, keep: 1 };
  const id = await it.start({ runsForMs: 0 });
  const shipped = it.ship(id);
  await it.clock.advance(10_000);
  assert.equal(await shipped, 'complete');
  assert.deepEqual(it.sink.texts('ecs/app/1'), ['a', 'a', 'b', 'a']);
});

test('whatever fails and whenever the node is killed, every line arrives once, in order', async () => {
  const anyFault = fc.record({ times: fc.nat(3), keep: fc.nat(30) });
  const anyPlay = fc.record({
    pauses: fc.array(fc.nat(40), { minLength: 1, maxLength: 60 }),
    faults: fc.array(anyFault, { maxLength: 4 }),
    kills: fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 3 }),
    outage: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(anyPlay, async ({ pauses, faults, kills, outage }) => {
      const it = setUp();
      it.sink.onAppend = () => it.clock.sleep(5);
      let at = 0;
      const output = pauses.map((pause, index) => ({ text: `line ${index}`, afterMs: (at += pause) }));
      const id = await it.start({ output, runsForMs: at + 10 });
      for (const after of kills) {
        const life = new AbortController();
        void shipLogs(it, id, destination, life.signal);
        it.sink.failing = { ...(faults.pop() ?? { times: 0, keep: 0 }) };
        await it.clock.advance(after);
        life.abort();
        // An append that was under way is done or not before the next process begins.
        await it.clock.advance(10);
      }
      it.sink.failing = { ...(faults.pop() ?? { times: 0, keep: 0 }) };
      const shipped = it.ship(id);
      await it.clock.advance(20);
      if (outage) it.engine.outage();
      await it.clock.advance(500);
      it.engine.heal();
      await it.clock.advance(600_000);
      assert.equal(await shipped, 'complete');
      assert.deepEqual(
        it.sink.texts('ecs/app/1'),
        output.map((each) => each.text),
      );
    }),
    { numRuns: 60 },
  );
});

test('a log group that was deleted, or a container that is gone, ends the shipping', async () => {
  const it = setUp();
  const id = await it.start({});
  it.sink.groups.clear();
  assert.equal(await it.ship(id), 'lost');
  it.sink.groups.add('/ecs/demo');
  it.engine.remove(id);
  assert.equal(await it.ship(id), 'lost');
});

test('a sink that fails for ten minutes after the end of a container is given up', async () => {
  const it = setUp();
  const id = await it.start({ runsForMs: 0, output: [{ text: 'x' }] });
  it.sink.open = async () => {
    throw new RuntimeError('failed', 'broken');
  };
  const shipped = it.ship(id);
  await it.clock.advance(11 * 60_000);
  assert.equal(await shipped, 'lost');
});
