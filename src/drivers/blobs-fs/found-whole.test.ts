// How long a file that was found whole is trusted.
import assert from 'node:assert/strict';
import { appendFile, link, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '#kernel/clock.ts';
import { FoundWhole } from './found-whole.ts';

test('a file that was found whole is trusted for ten minutes, or until anybody writes to it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-whole-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'blob');
  await writeFile(path, 'content');
  let now = new Date('2026-01-01T00:00:00Z');
  const files = new FoundWhole({ ...systemClock, now: () => now });
  assert.equal(files.isFresh(path, await stat(path)), false);

  files.note(path, await stat(path));
  assert.equal(files.isFresh(path, await stat(path)), true);
  await appendFile(path, '!');
  assert.equal(files.isFresh(path, await stat(path)), false);

  files.note(path, await stat(path));
  await link(path, join(folder, 'other'));
  assert.equal(files.isFresh(path, await stat(path)), false, 'a second name is a change of the file, too');

  files.note(path, await stat(path));
  now = new Date(now.getTime() + 10 * 60_000);
  assert.equal(files.isFresh(path, await stat(path)), false);
});

test('only so many files are remembered', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-whole-'));
  t.after(() => rm(folder, { recursive: true }));
  const stats = await stat(folder);
  const files = new FoundWhole(systemClock);
  for (let at = 0; at <= 1000; at++) files.note(`/blob-${at}`, stats);
  assert.equal(files.isFresh('/blob-0', stats), false);
  assert.equal(files.isFresh('/blob-1', stats), true);
});
