// Documents are read beside their writer and without one, as they were at one moment.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { silentLog } from './log.ts';
import { createStore } from './store-create.ts';
import { readSnapshot } from './store-snapshot.ts';
import { openSqliteDatabase } from './store-sqlite.ts';
import type { Kind } from './store.ts';

const items: Kind<{ n: number }, null> = {
  name: 'test/item',
  version: 1,
  indexes: { odd: ({ spec }) => (spec.n % 2 === 1 ? 'yes' : undefined) },
};
const others: Kind<string, null> = { name: 'test/other', version: 1 };

async function pathFor(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-snapshot-'));
  context.after(() => rm(directory, { recursive: true }));
  return join(directory, 'store.db');
}

test('a snapshot stays as it is while the writer goes on, and ends with it', async (context) => {
  const path = await pathFor(context);
  const options = { kinds: [items, others], log: silentLog, onFatal: assert.fail };
  const store = await createStore({ database: openSqliteDatabase(path), ...options });
  const put = (n: number) => store.write((tx) => tx.put(items, `k${n}`, { spec: { n }, status: null }));
  await put(1);
  await store.write((tx) => tx.put(others, 'o', { spec: 'not asked for', status: null }));
  const first = await readSnapshot(path, [items]);
  await put(2);
  assert.deepEqual(
    first.list(items).map(({ key }) => key),
    ['k1'],
  );
  assert.deepEqual(first.get(items, 'k1')?.spec, { n: 1 });
  assert.equal(first.by(items, 'odd', 'yes').length, 1);
  assert.deepEqual(first.list(others), [], 'only the kinds that were asked for');
  assert.equal((await readSnapshot(path, [items])).list(items).length, 2);
  await put(3);
  await store.close();
  const last = await readSnapshot(path, [items]);
  assert.equal(last.list(items, 'k').length, 3);
  assert.equal(last.by(items, 'odd', 'yes').length, 2);
  const again = await createStore({ database: openSqliteDatabase(path), ...options });
  assert.equal(again.read((reader) => reader.list(items)).length, 3);
  await again.close();
  assert.ok((await readdir(join(path, '..'))).includes('store.db'));
});

test('what is no database, and one of a newer layout, is refused', async (context) => {
  const path = await pathFor(context);
  await assert.rejects(readSnapshot(path, [items]), /unable to open/);
  await openSqliteDatabase(path).close();
  const connection = new DatabaseSync(path);
  connection.exec(`UPDATE meta SET value = 2 WHERE name = 'schema'`);
  connection.close();
  await assert.rejects(readSnapshot(path, [items]), /layout 2 of a newer Berth/);
});
