// The queue: every dirty key gets its step, one at a time, and failures are retried.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Log } from './log.ts';
import { silentLog } from './log.ts';
import { startQueue } from './queue.ts';
import type { QueueOptions } from './queue.ts';
import type { Reconciler } from './reconciler.ts';
import { seededRandom } from './seeded-random.ts';
import { createStore } from './store-create.ts';
import { createMemoryDisk } from './store-memory.ts';
import type { Kind, Store } from './store.ts';
import { VirtualClock } from './virtual-clock.ts';

const numbers: Kind<number, number> = { name: 'test/number', version: 1 };

async function makeWorld(reconcile: Reconciler['reconcile'], more: Partial<Reconciler & QueueOptions> = {}) {
  const clock = new VirtualClock(new Date(0));
  const disk = createMemoryDisk(clock);
  const store = await createStore({
    database: disk.open(),
    kinds: [numbers],
    log: silentLog,
    onFatal: () => {},
    strict: true,
  });
  const stop = new AbortController();
  const reconciler: Reconciler = {
    name: 'test/number',
    watches: [numbers.name],
    concerns: ({ key }) => [key],
    all: (reader) => reader.list(numbers).map(({ key }) => key),
    reconcile,
    ...more,
  };
  const start = () => {
    const given = { store, reconcilers: [reconciler], clock, random: seededRandom(1), log: silentLog };
    return startQueue({ ...given, ...more, signal: stop.signal });
  };
  return { clock, disk, store, stop, start };
}

const put = (store: Store, key: string, spec: number) => {
  return store.write((tx) => tx.put(numbers, key, { spec, status: tx.get(numbers, key)?.status ?? 0 }));
};

test('every key is reconciled at start, and every changed one afterwards', async () => {
  const ran: string[] = [];
  const { store, start } = await makeWorld(async (key) => void ran.push(key));
  await put(store, 'a', 1);
  await put(store, 'b', 1);
  const queue = start();
  await queue.idle();
  assert.deepEqual(ran, ['a', 'b']);
  await put(store, 'b', 2);
  await put(store, 'c', 1);
  await queue.idle();
  assert.deepEqual(ran, ['a', 'b', 'b', 'c']);
});

test('a key is never run twice at once: dirtied while it runs, it runs once more', async () => {
  const gates: PromiseWithResolvers<void>[] = [];
  const { store, start } = await makeWorld(async () => {
    gates.push(Promise.withResolvers());
    await gates.at(-1)!.promise;
  });
  await put(store, 'a', 1);
  const queue = start();
  for (let i = 2; i < 10; i += 1) await put(store, 'a', i);
  assert.equal(gates.length, 1);
  gates[0]!.resolve();
  await put(store, 'b', 1);
  assert.equal(gates.length, 3);
  gates[1]!.resolve();
  gates[2]!.resolve();
  await queue.idle();
  assert.equal(gates.length, 3);
});

for (const [title, concurrency, expected] of [
  ['sixteen', undefined, 16],
  ['as many as it asks for', 3, 3],
] as const) {
  test(`a reconciler works on ${title} keys at once`, async () => {
    let [running, most, done] = [0, 0, 0];
    const work = async () => {
      running += 1;
      most = Math.max(most, running);
      await clock.sleep(10);
      running -= 1;
      done += 1;
    };
    const { clock, store, start } = await makeWorld(work, { ...(concurrency && { concurrency }) });
    await Promise.all(Array.from({ length: 50 }, (_, i) => put(store, `k${i}`, i)));
    const queue = start();
    await clock.advance(1000);
    await queue.idle();
    assert.deepEqual([most, done], [expected, 50]);
  });
}

test('a step that asks for it is called again in time, and a change comes first', async () => {
  const ran: number[] = [];
  const { clock, store, start } = await makeWorld(async () => {
    ran.push(clock.now().getTime());
    return { againIn: 1000 };
  });
  await put(store, 'a', 1);
  const queue = start();
  await clock.advance(2500);
  assert.deepEqual(ran, [0, 1000, 2000]);
  await put(store, 'a', 2);
  await queue.idle();
  await clock.advance(1500);
  assert.deepEqual(ran, [0, 1000, 2000, 2500, 3500]);
});

test('a step that throws is logged and retried with growing delays of 250 ms to 30 s, until it succeeds', async () => {
  const ran: number[] = [];
  const warned: unknown[] = [];
  const log: Log = { ...silentLog, warn: (_message, fields) => warned.push(fields?.failures), with: () => log };
  const work = async () => {
    ran.push(clock.now().getTime());
    if (ran.length !== 12) throw new Error('not yet');
  };
  const { clock, store, start } = await makeWorld(work, { log, resyncEvery: 1e9 });
  await put(store, 'a', 1);
  start();
  await clock.advance(600_000);
  const delays = ran.slice(1).map((at, i) => at - ran[i]!);
  assert.deepEqual(warned, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  for (const [i, delay] of delays.entries()) {
    const step = Math.min(250 * 2 ** i, 20_000);
    assert.ok(delay >= step && delay <= step * 1.5, `${i}: ${delay}`);
  }
  assert.equal(new Set(delays).size, delays.length);
  await put(store, 'a', 2);
  await clock.advance(380);
  assert.equal(ran.length, 14, 'the delay starts anew after a success');
});

test('a change brings a retry forward, but a step that dirties its own key and throws does not spin', async () => {
  let runs = 0;
  const work = async () => {
    runs += 1;
    await put(store, 'a', runs);
    throw new Error(`failed for the ${runs}th time`);
  };
  const { clock, store, start } = await makeWorld(work);
  await put(store, 'a', 0);
  start();
  await clock.advance(10_000);
  assert.ok(runs > 20 && runs <= 41, `${runs} runs in ten seconds`);
});

test('all keys are gone through again at every resync', async () => {
  const ran: string[] = [];
  const world = await makeWorld(async (key) => void ran.push(key), { concerns: () => [], resyncEvery: 60_000 });
  world.start();
  await put(world.store, 'a', 1);
  await world.clock.advance(59_999);
  assert.deepEqual(ran, []);
  await world.clock.advance(1);
  assert.deepEqual(ran, ['a']);
});

test('a reconciler that cannot say whom a change concerns goes through all keys', async () => {
  const ran: string[] = [];
  const concerns = () => {
    throw new Error('no idea');
  };
  const { store, start } = await makeWorld(async (key) => void ran.push(key), { concerns });
  const queue = start();
  await put(store, 'a', 1);
  await queue.idle();
  assert.deepEqual(ran, ['a']);
});

test('stopping cancels what waits, tells what runs, and waits for it', async () => {
  const ended: string[] = [];
  const work: Reconciler['reconcile'] = async (key, signal) => {
    if (key === 'fails') throw new Error('always');
    if (key === 'waits') return { againIn: 1000 };
    await clock.sleep(60_000, signal);
    await clock.sleep(10);
    ended.push(key);
    throw new Error('interrupted');
  };
  const { clock, store, stop, start } = await makeWorld(work);
  for (const key of ['fails', 'runs', 'waits']) await put(store, key, 1);
  const queue = start();
  let stopped = false;
  void queue.stopped.then(() => (stopped = true));
  await clock.advance(5);
  stop.abort();
  await put(store, 'late', 1);
  await clock.advance(5);
  assert.equal(stopped, false);
  await clock.advance(5);
  assert.equal(stopped, true);
  assert.deepEqual(ended, ['runs']);
  assert.equal(clock.untilNext(), undefined);
});

test('the queue stops when the store fails', async () => {
  const { disk, store, start } = await makeWorld(async () => {});
  const queue = start();
  disk.failNext(new Error('disk full'));
  await assert.rejects(put(store, 'a', 1));
  await queue.stopped;
});

test('whatever changes and fails, in the end every status is what its spec asks for', async () => {
  const write = fc.record({ key: fc.constantFrom('a', 'b', 'c'), spec: fc.nat(100), wait: fc.nat(700) });
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 30 }), fc.nat(), async (writes, seed) => {
      const random = seededRandom(seed);
      const running = new Set<string>();
      let twice = false;
      const work = async (key: string) => {
        twice ||= running.has(key);
        running.add(key);
        const wanted = store.read((reader) => reader.get(numbers, key)!.spec);
        await clock.sleep(random.bytes(1)[0]!);
        running.delete(key);
        if (random.bytes(1)[0]! < 100) throw new Error('chance');
        await store.write((tx) => tx.setStatus(numbers, key, wanted));
      };
      const { clock, store, start, stop } = await makeWorld(work, { resyncEvery: 1e9 });
      const queue = start();
      for (const { key, spec, wait } of writes) {
        void put(store, key, spec);
        await clock.advance(wait);
      }
      const settled = () => store.read((reader) => reader.list(numbers).every(({ spec, status }) => spec === status));
      await clock.advanceUntil(settled, 600_000);
      assert.equal(twice, false);
      stop.abort();
      await clock.advance(1000);
      await queue.stopped;
    }),
    { numRuns: 50 },
  );
});
