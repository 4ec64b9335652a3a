// Both journals pass the suite; the one on disk keeps its own promises.
import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createFakeJournal } from './journal-fake.ts';
import { createFsJournal } from './journal-fs.ts';
import { journalSuite } from './journal.suite.ts';

const made: string[] = [];
after(() => Promise.all(made.map((directory) => rm(directory, { recursive: true, force: true }))));

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-journal-'));
  made.push(directory);
  return directory;
}

journalSuite('on a file system', async () => {
  const directory = await temporaryDirectory();
  return { journal: createFsJournal(directory), reopen: () => createFsJournal(directory) };
});

journalSuite('in memory', () => {
  const journal = createFakeJournal();
  return Promise.resolve({ journal, reopen: () => journal });
});

test('more files than may stay open are written to all the same', async () => {
  const journal = createFsJournal(await temporaryDirectory(), 4);
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => journal.append(`s${index}`, Buffer.from(`${round}`))));
  }
  for (let index = 0; index < 20; index++) {
    assert.equal((await journal.read(`s${index}`, 0, 10)).toString(), '012');
  }
  await journal.close();
});

test('files are for their owner only and names cannot leave the directory', async () => {
  const directory = await temporaryDirectory();
  const journal = createFsJournal(directory);
  await journal.append('group/stream', Buffer.from('x'));
  assert.equal((await stat(join(directory, 'group/stream'))).mode & 0o777, 0o600);
  assert.equal((await stat(join(directory, 'group'))).mode & 0o777, 0o700);
  for (const name of ['../x', 'a/../../x', '/x', '', 'a//b', '..']) {
    await assert.rejects(journal.append(name, Buffer.from('x')), RangeError);
  }
  await journal.close();
});
