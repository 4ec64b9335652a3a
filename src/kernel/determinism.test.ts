// Store, queue, clock and chance together: a run with a seed repeats itself exactly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from './log.ts';
import { startQueue } from './queue.ts';
import { fraction } from './random.ts';
import type { Reconciler } from './reconciler.ts';
import { seededRandom } from './seeded-random.ts';
import { createStore } from './store-create.ts';
import { createMemoryDisk } from './store-memory.ts';
import type { Kind } from './store.ts';
import { VirtualClock } from './virtual-clock.ts';

const jobs: Kind<number, number> = { name: 'test/job', version: 1 };

/** A busy minute on a slow disk, with a crash and a restart in the middle. Returns all that happened. */
async function history(seed: number): Promise<string[]> {
  const random = seededRandom(seed);
  const clock = new VirtualClock(new Date(0));
  const disk = createMemoryDisk(clock);
  disk.delay = () => fraction(random) * 20;
  const events: string[] = [];
  const note = (event: string) => events.push(`${clock.now().getTime()} ${event}`);
  for (const life of ['first', 'second']) {
    const stop = new AbortController();
    const onFatal = () => void note('fatal');
    const opening = createStore({ database: disk.open(), kinds: [jobs], log: silentLog, onFatal, turn: clock.turn });
    await clock.settle();
    const store = await opening;
    const reconcile = async (key: string) => {
      note(`step ${key}`);
      await clock.sleep(fraction(random) * 50);
      if (fraction(random) < 0.3) throw new Error('chance');
      await store.write((tx) => tx.setStatus(jobs, key, tx.get(jobs, key)!.spec));
      note(`done ${key}`);
      return { againIn: fraction(random) * 10_000 };
    };
    const reconciler: Reconciler = {
      name: jobs.name,
      watches: [jobs.name],
      concerns: ({ key }) => [key],
      all: (reader) => reader.list(jobs).map(({ key }) => key),
      reconcile,
    };
    const queue = startQueue({ store, reconcilers: [reconciler], clock, random, log: silentLog, signal: stop.signal });
    for (let i = 0; i < 100; i += 1) {
      const key = `job-${Math.floor(fraction(random) * 10)}`;
      store
        .write((tx) => tx.put(jobs, key, { spec: i, status: -1 }))
        .then(
          ({ revision }) => note(`${life} wrote ${key} ${revision}`),
          () => note(`${life} lost ${key}`),
        );
      await clock.advance(fraction(random) * 600);
    }
    disk.crash(fraction(random) < 0.5);
    stop.abort();
    await clock.advance(1000);
    await queue.stopped;
  }
  return events;
}

test('the same seed gives the same history, another seed another', async () => {
  const first = await history(1);
  assert.ok(first.length > 400, `${first.length} events`);
  assert.deepEqual(await history(1), first);
  assert.notDeepEqual(await history(2), first);
});
