// The SQLite database: the suite, and its file.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openSqliteDatabase } from './store-sqlite.ts';
import { databaseSuite } from './store.suite.ts';

databaseSuite('sqlite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-sqlite-'));
  return {
    open: async () => openSqliteDatabase(join(directory, 'store.db')),
    remove: () => rm(directory, { recursive: true }),
  };
});

async function temporaryDirectory(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-sqlite-'));
  context.after(() => rm(directory, { recursive: true }));
  return directory;
}

test('every file of a SQLite database is its owner’s alone', async (context) => {
  const directory = await temporaryDirectory(context);
  const database = openSqliteDatabase(join(directory, 'store.db'));
  await database.commit([{ kind: 'k', key: 'a', version: 1, revision: 1, body: '{}' }], 1);
  const names = await readdir(directory);
  assert.deepEqual(names.toSorted(), ['store.db', 'store.db-shm', 'store.db-wal']);
  for (const name of names) assert.equal((await stat(join(directory, name))).mode & 0o777, 0o600, name);
  await database.close();
});

test('a SQLite database of a newer layout is refused and left as it is', async (context) => {
  const path = join(await temporaryDirectory(context), 'store.db');
  await openSqliteDatabase(path).close();
  const connection = new DatabaseSync(path);
  connection.exec(`UPDATE meta SET value = 2 WHERE name = 'schema'`);
  assert.throws(() => openSqliteDatabase(path), /layout 2 of a newer Berth/);
  assert.equal(connection.prepare(`SELECT value FROM meta WHERE name = 'schema'`).get()?.value, 2);
  connection.close();
});

test('somebody else’s SQLite database, and what is none, are refused', async (context) => {
  const directory = await temporaryDirectory(context);
  const foreign = new DatabaseSync(join(directory, 'foreign.db'));
  foreign.exec('CREATE TABLE songs (title TEXT)');
  foreign.close();
  assert.throws(() => openSqliteDatabase(join(directory, 'foreign.db')), /foreign.db is not a database of Berth's/);
  await writeFile(join(directory, 'text.db'), 'no database '.repeat(1000));
  assert.throws(() => openSqliteDatabase(join(directory, 'text.db')), /not a database/);
});
