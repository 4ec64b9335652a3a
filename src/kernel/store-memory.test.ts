// The memory database: the suite, and what only it can do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryDisk } from './store-memory.ts';
import { databaseSuite } from './store.suite.ts';
import { systemClock } from './clock.ts';
import { VirtualClock } from './virtual-clock.ts';

databaseSuite('memory', async () => {
  const disk = createMemoryDisk(systemClock);
  return { open: async () => disk.open(), remove: async () => {} };
});

const batch = [{ kind: 'k', key: 'a', version: 1, revision: 1, body: '{}' }];

test('a commit on a slow memory disk takes its time', async () => {
  const clock = new VirtualClock();
  const disk = createMemoryDisk(clock);
  disk.delay = () => 40;
  let done = false;
  const commit = disk
    .open()
    .commit(batch, 1)
    .then(() => (done = true));
  await clock.advance(39);
  assert.equal(done, false);
  assert.equal(disk.commits, 0);
  await clock.advance(1);
  assert.equal(done, true);
  await commit;
});

for (const landed of [false, true]) {
  test(`a crash during a commit that has ${landed ? '' : 'not '}landed kills the database, not the disk`, async () => {
    const clock = new VirtualClock();
    const disk = createMemoryDisk(clock);
    disk.delay = () => 40;
    const database = disk.open();
    const commit = assert.rejects(database.commit(batch, 1), /gone/);
    await clock.advance(10);
    disk.crash(landed);
    await commit;
    await assert.rejects(database.commit(batch, 2), /gone/);
    assert.equal((await disk.open().load()).sequence, landed ? 1 : 0);
  });
}

test('a commit on a memory disk fails when told to, once', async () => {
  const disk = createMemoryDisk(new VirtualClock());
  const database = disk.open();
  disk.failNext(new Error('disk full'));
  await assert.rejects(database.commit(batch, 1), /disk full/);
  assert.equal((await database.load()).sequence, 0);
  await database.commit(batch, 2);
  assert.equal((await database.load()).sequence, 2);
});
