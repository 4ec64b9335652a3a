// The store's promises: atomic, durable before it is told, fail-stop, watched in order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from './log.ts';
import { createStore } from './store-create.ts';
import { createMemoryDisk } from './store-memory.ts';
import type { Change, Kind, Tx } from './store.ts';
import { VirtualClock } from './virtual-clock.ts';

interface Spec {
  readonly n: number;
  readonly tags?: readonly string[];
}
const items: Kind<Spec, object> = {
  name: 'test/item',
  version: 1,
  indexes: {
    tag: ({ spec }) => spec.tags,
    odd({ spec }) {
      if (spec.n < 0) throw new Error('negative');
      return spec.n % 2 === 1 ? 'yes' : undefined;
    },
  },
};
const others: Kind<string, null> = { name: 'test/other', version: 1 };

/** A strict store on a memory disk whose commits take 10 ms of a virtual clock. */
async function makeStore() {
  const clock = new VirtualClock();
  const disk = createMemoryDisk(clock);
  disk.delay = () => 10;
  const fatal: Error[] = [];
  const reopen = () =>
    createStore({
      database: disk.open(),
      kinds: [items, others],
      log: silentLog,
      onFatal: (error) => fatal.push(error),
      strict: true,
      turn: clock.turn,
    });
  return { clock, disk, fatal, store: await reopen(), reopen };
}

const item = (tx: Tx, key: string, n: number, ...tags: string[]) => {
  return tx.put(items, key, { spec: { n, tags }, status: {} });
};

/** Whether a promise has settled, without waiting for it. */
function watchOutcome(promise: Promise<unknown>) {
  const outcome: { value?: unknown; error?: unknown; settled: boolean } = { settled: false };
  promise.then(
    (value) => Object.assign(outcome, { value, settled: true }),
    (error: unknown) => Object.assign(outcome, { error, settled: true }),
  );
  return outcome;
}

test('a write is visible at once, and resolves once it is durable', async () => {
  const { store, clock, disk } = await makeStore();
  const write = watchOutcome(store.write((tx) => item(tx, 'a', 1).revision));
  assert.equal(store.read((reader) => reader.get(items, 'a'))?.spec.n, 1);
  await clock.advance(9);
  assert.equal(write.settled, false);
  await clock.advance(1);
  assert.deepEqual(write, { settled: true, value: 1 });
  assert.equal(disk.commits, 1);
});

test('what is written while a batch commits is the next batch, however much it is', async () => {
  const { store, clock, disk } = await makeStore();
  const first = watchOutcome(store.write((tx) => item(tx, 'a', 1)));
  await clock.advance(5);
  const next = Array.from({ length: 50 }, (_, i) => watchOutcome(store.write((tx) => item(tx, `b${i % 10}`, i))));
  await clock.advance(5);
  assert.ok(first.settled && next.every(({ settled }) => !settled));
  await clock.advance(10);
  assert.ok(next.every(({ settled }) => settled));
  assert.equal(disk.commits, 2);
});

test('a write that changes nothing, and one that throws, wait for what they saw', async () => {
  const { store, clock, disk } = await makeStore();
  void store.write((tx) => item(tx, 'a', 1));
  const look = watchOutcome(store.write((tx) => tx.get(items, 'a')?.spec.n));
  const same = watchOutcome(store.write((tx) => item(tx, 'a', 1).revision));
  const refusal = watchOutcome(
    store.write((tx) => {
      item(tx, 'b', 2);
      throw new Error('a exists');
    }),
  );
  const durable = watchOutcome(store.durable());
  await clock.advance(9);
  assert.ok(![look, same, refusal, durable].some(({ settled }) => settled));
  await clock.advance(1);
  assert.deepEqual(look, { settled: true, value: 1 });
  assert.deepEqual(same, { settled: true, value: 1 });
  assert.equal((refusal.error as Error).message, 'a exists');
  assert.ok(durable.settled);
  assert.equal(
    store.read((reader) => reader.get(items, 'b')),
    undefined,
  );
  await clock.settle();
  assert.equal(disk.commits, 1);
  await store.durable();
  assert.equal(await store.write((tx) => tx.list(items).length), 1);
});

const refused: [string, (tx: Tx) => unknown, RegExp][] = [
  ['an index function throws', (tx) => item(tx, 'b', -1), /negative/],
  ['a resource to change does not exist', (tx) => tx.setStatus(items, 'b', {}), /no test\/item b/],
  ['its work returns a promise', async () => {}, /synchronous/],
  [
    'its content holds a Date',
    (tx) => tx.put(items, 'b', { spec: { n: 1 }, status: { at: new Date(0) } }),
    /survive JSON/,
  ],
  ['its content holds NaN', (tx) => item(tx, 'b', NaN), /survive JSON/],
  ['its content holds a bigint', (tx) => tx.put(items, 'b', { spec: { n: 1 }, status: { n: 1n } }), /BigInt/],
  ['a key is empty', (tx) => item(tx, '', 1), /cannot be the key/],
  ['a key holds half a surrogate pair', (tx) => item(tx, 'a\ud800', 1), /cannot be the key/],
  ['a kind was not declared', (tx) => tx.get({ name: 'test/none', version: 1 }, 'b'), /not declared/],
  ['an index does not exist', (tx) => tx.by(others, 'odd', 'yes'), /no index odd/],
];
for (const [title, work, message] of refused) {
  test(`nothing of a write has happened when ${title}`, async () => {
    const { store, clock } = await makeStore();
    const setUp = store.write((tx) => item(tx, 'a', 1, 'x'));
    await clock.advance(20);
    await setUp;
    const before = store.read((reader) => [reader.list(items), reader.by(items, 'tag', 'x')]);
    const write = store.write((tx) => {
      item(tx, 'a', 2, 'y');
      item(tx, 'c', 3, 'x', 'y');
      tx.delete(items, 'a');
      return work(tx);
    });
    await assert.rejects(write, message);
    assert.deepEqual(
      store.read((reader) => [reader.list(items), reader.by(items, 'tag', 'x')]),
      before,
    );
    assert.deepEqual(
      store.read((reader) => [reader.by(items, 'tag', 'y'), reader.by(items, 'odd', 'yes')]),
      [[], before[0]],
    );
    const next = store.write((tx) => item(tx, 'd', 4).revision);
    await clock.advance(20);
    assert.equal(await next, 2);
  });
}

test('a Tx is of no use after its write, and a write not inside another', async () => {
  const { store, clock } = await makeStore();
  let kept: Tx | undefined;
  const write = store.write((tx) => {
    kept = tx;
    void assert.rejects(
      store.write(() => {}),
      /inside a write/,
    );
  });
  await clock.advance(20);
  await write;
  assert.throws(() => item(kept!, 'a', 1), /over/);
});

test('strict stores freeze what they keep', async () => {
  const { store } = await makeStore();
  const tags = ['x'];
  void store.write((tx) => tx.put(items, 'a', { spec: { n: 1, tags }, status: {} }));
  assert.throws(() => tags.push('y'), TypeError);
});

test('a failed commit is fatal: every waiting write rejects, and nothing works any more', async () => {
  const { store, clock, disk, fatal, reopen } = await makeStore();
  const safe = store.write((tx) => item(tx, 'safe', 1));
  await clock.advance(10);
  await safe;
  disk.failNext(new Error('disk full'));
  const seen = collect(store.watch([items.name], new AbortController().signal));
  const lost = [watchOutcome(store.write((tx) => item(tx, 'a', 1))), watchOutcome(store.durable())];
  await clock.advance(5);
  lost.push(watchOutcome(store.write((tx) => item(tx, 'b', 1))));
  await clock.advance(50);
  assert.equal(fatal.length, 1);
  assert.equal((fatal[0]!.cause as Error).message, 'disk full');
  assert.ok(lost.every(({ error }) => error === fatal[0]));
  assert.throws(() => store.read(() => {}), fatal[0]);
  await assert.rejects(
    store.write(() => {}),
    fatal[0],
  );
  await assert.rejects(store.durable(), fatal[0]);
  assert.deepEqual(await seen, []);
  await assert.rejects(store.close(), fatal[0]);
  const again = await reopen();
  assert.deepEqual(
    again.read((reader) => reader.list(items).map(({ key }) => key)),
    ['safe'],
  );
});

test('closing waits for what is under way', async () => {
  const { store, clock, reopen } = await makeStore();
  const seen = collect(store.watch([items.name], new AbortController().signal));
  const write = watchOutcome(store.write((tx) => item(tx, 'a', 1)));
  const closing = store.close();
  await clock.advance(20);
  await closing;
  assert.ok(write.settled && !write.error);
  assert.equal((await seen).length, 1);
  assert.throws(() => store.read(() => {}), /closed/);
  await assert.rejects(
    store.write(() => {}),
    /closed/,
  );
  assert.ok((await reopen()).read((reader) => reader.get(items, 'a')));
});

async function collect(changes: AsyncIterable<Change>): Promise<Change[]> {
  const seen: Change[] = [];
  for await (const change of changes) seen.push(change);
  return seen;
}

test('watchers see durable changes only, in order, with before and after, of their kinds', async () => {
  const { store, clock } = await makeStore();
  const stop = new AbortController();
  const seen: Change[] = [];
  const watching = (async () => {
    for await (const change of store.watch([items.name], stop.signal)) seen.push(change);
  })();
  void store.write((tx) => {
    tx.put(others, 'o', { spec: 'not watched', status: null });
    item(tx, 'b', 1);
    item(tx, 'a', 1);
    item(tx, 'b', 2);
    item(tx, 'brief', 1);
    tx.delete(items, 'brief');
  });
  await clock.advance(9);
  assert.deepEqual(seen, []);
  void store.write((tx) => tx.delete(items, 'a'));
  await clock.advance(30);
  const a = { key: 'a', revision: 3, spec: { n: 1, tags: [] }, status: {} };
  const b = { key: 'b', revision: 4, spec: { n: 2, tags: [] }, status: {} };
  assert.deepEqual(seen, [
    { kind: items.name, key: 'a', sequence: 3, after: a },
    { kind: items.name, key: 'b', sequence: 4, after: b },
    { kind: items.name, key: 'a', sequence: 7, before: a },
  ]);
  stop.abort();
  await watching;
});

test('a slow watcher misses nothing, and one that breaks off is forgotten', async () => {
  const { store, clock } = await makeStore();
  const stop = new AbortController();
  const slow = store.watch([items.name, others.name], stop.signal)[Symbol.asyncIterator]();
  const quick = (async () => {
    for await (const change of store.watch([items.name], stop.signal)) return change;
  })();
  for (let i = 0; i < 100; i += 1) void store.write((tx) => item(tx, `k${i}`, i));
  await clock.advance(30);
  assert.equal((await quick)?.key, 'k0');
  for (let i = 0; i < 100; i += 1) assert.equal((await slow.next()).value?.key, `k${i}`);
  const last = slow.next();
  stop.abort();
  assert.deepEqual(await last, { value: undefined, done: true });
  assert.deepEqual(await slow.next(), { value: undefined, done: true });
  assert.deepEqual(await collect(store.watch([items.name], stop.signal)), []);
  assert.throws(() => store.watch(['test/none'], stop.signal), /not declared/);
});
