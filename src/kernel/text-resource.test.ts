// Resources that are kept as text: read when they are asked for, by each who asks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './clock.ts';
import { silentLog } from './log.ts';
import { createStore } from './store-create.ts';
import { createMemoryDisk } from './store-memory.ts';
import type { Change, Content, Kind, Resource } from './store.ts';
import { TextResource } from './text-resource.ts';

const texts: Kind<{ readonly words: string[] }, object> = { name: 'test/text', version: 1, residence: 'text' };
const first = { spec: { words: ['a'] }, status: {} };
const second = { spec: { words: ['b'] }, status: {} };

function contentOf(resource: Resource<unknown, unknown> | undefined): Content<unknown, unknown> | undefined {
  return resource && { spec: resource.spec, status: resource.status };
}

async function makeStore(disk = createMemoryDisk(systemClock)) {
  return createStore({ database: disk.open(), kinds: [texts], log: silentLog, onFatal: assert.fail });
}

test('a text is read but once by whoever holds it, and anew by the next', () => {
  const kept = new TextResource({ key: 'a', revision: 1, text: JSON.stringify(first) });
  assert.deepEqual(contentOf(kept), first);
  assert.equal(kept.spec, kept.spec);
  assert.notEqual(kept.spec, kept.unread().spec);
});

test('what a reader does to what it read of a text touches nobody else', async () => {
  const store = await makeStore();
  await store.write((tx) => tx.put(texts, 'a', first));
  const read = () => store.read((reader) => reader.get(texts, 'a'));
  read()!.spec.words.push('more');
  assert.deepEqual(contentOf(read()), first);
  await store.close();
});

test('watchers of texts see what they were before, and are after', async () => {
  const store = await makeStore();
  const stop = new AbortController();
  const changes = store.watch([texts.name], stop.signal);
  await store.write((tx) => tx.put(texts, 'a', first));
  await store.write((tx) => tx.put(texts, 'a', second));
  await store.write((tx) => tx.put(texts, 'a', second));
  await store.write((tx) => tx.delete(texts, 'a'));
  const seen: Change[] = [];
  for await (const change of changes) if (seen.push(change) === 3) stop.abort();
  assert.deepEqual(
    seen.map(({ before, after }) => [contentOf(before), contentOf(after)]),
    [
      [undefined, first],
      [first, second],
      [second, undefined],
    ],
  );
  await store.close();
});

test('texts of an older version are upgraded when they are loaded', async () => {
  const disk = createMemoryDisk(systemClock);
  await (await makeStore(disk)).write((tx) => tx.put(texts, 'a', first));
  const counted: Kind<{ readonly count: number }, object> = {
    name: texts.name,
    version: 2,
    residence: 'text',
    upgrade: ({ spec }) => ({ spec: { count: (spec as { words: string[] }).words.length }, status: {} }),
  };
  const store = await createStore({ database: disk.open(), kinds: [counted], log: silentLog, onFatal: assert.fail });
  assert.deepEqual(
    store.read((reader) => reader.get(counted, 'a')?.spec),
    { count: 1 },
  );
  await store.close();
});
