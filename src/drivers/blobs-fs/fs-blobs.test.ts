// The suite on a disk, and what only a disk can show: restarts, modes, flat memory.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '#kernel/clock.ts';
import { systemRandom } from '#kernel/random.ts';
import { createFsBlobs } from './fs-blobs.ts';
import { blobsSuite } from '#drivers/blobs.suite.ts';

const root = await mkdtemp(join(tmpdir(), 'berth-blobs-'));
after(() => rm(root, { recursive: true }));
let count = 0;
const folder = () => join(root, String((count += 1)));
const space = '123456789012/us-east-1';

blobsSuite('the blob store on disk', async (clock) => {
  const directory = folder();
  return {
    blobs: createFsBlobs(directory, { clock, random: systemRandom }),
    async damage(namespace, digest) {
      const hex = digest.slice('sha256:'.length);
      const path = join(directory, namespace, 'sha256', hex.slice(0, 2), hex);
      const content = await readFile(path);
      content.writeUInt8(content.readUInt8(0) ^ 1, 0);
      await writeFile(path, content);
    },
  };
});

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

function sha(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

test('an upload goes on after a restart', async () => {
  const directory = folder();
  const first = createFsBlobs(directory);
  const { id } = await first.begin(space);
  await first.append(space, id, 0, chunks('before '));
  const second = createFsBlobs(directory);
  assert.equal((await second.upload(space, id))?.size, 7);
  await second.append(space, id, 7, chunks('after'));
  assert.deepEqual(await second.commit(space, id, sha('before after')), { size: 12 });
});

test('a file that is not what was hashed is hashed again', async () => {
  const directory = folder();
  const blobs = createFsBlobs(directory);
  const { id } = await blobs.begin(space);
  await blobs.append(space, id, 0, chunks('good'));
  await appendFile(join(directory, 'uploads', space, id), ' and more');
  await assert.rejects(blobs.commit(space, id, sha('good')), { reason: 'digest' });
  await blobs.commit(space, id, sha('good and more'));
});

test('folders are 0700 and files 0600, whatever the umask, and nothing else is left', async () => {
  const directory = folder();
  const blobs = createFsBlobs(directory);
  const umask = process.umask(0);
  try {
    const { id } = await blobs.begin(space);
    await blobs.append(space, id, 0, chunks('content'));
    await blobs.commit(space, id, sha('content'));
    await blobs.put(space, Buffer.from('manifest'));
  } finally {
    process.umask(umask);
  }
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hex = (text: string) => sha(text).slice('sha256:'.length);
  const at = (text: string) => join(directory, space, 'sha256', hex(text).slice(0, 2), hex(text));
  assert.deepEqual(files.toSorted(), [at('content'), at('manifest')].toSorted());
  for (const entry of entries) {
    const { mode } = await stat(join(entry.parentPath, entry.name));
    assert.equal(mode & 0o777, entry.isFile() ? 0o600 : 0o700, entry.name);
  }
});

test('reading can be left off at any point', async () => {
  const blobs = createFsBlobs(folder());
  const digest = await blobs.put(space, Buffer.alloc(5_000_000, 'x'));
  const handles = async () => (await readdir('/proc/self/fd')).length;
  const before = await handles();
  for (let round = 0; round < 20; round += 1) {
    for await (const chunk of blobs.read(space, digest)) {
      assert.ok(chunk.length > 0);
      break;
    }
  }
  assert.ok((await handles()) <= before + 2, 'files are closed');
});

test('400 MB go in and out in flat memory', async () => {
  const blobs = createFsBlobs(folder(), { clock: systemClock, random: systemRandom });
  const chunk = Buffer.alloc(1 << 16, 'z');
  const rounds = 6400;
  let highest = 0;
  const hash = createHash('sha256');
  const before = process.memoryUsage().rss;
  const source = async function* () {
    for (let round = 0; round < rounds; round += 1) {
      hash.update(chunk);
      highest = Math.max(highest, process.memoryUsage.rss());
      yield chunk;
    }
  };
  const { id } = await blobs.begin(space);
  await blobs.append(space, id, 0, source());
  const digest = `sha256:${hash.digest('hex')}`;
  await blobs.commit(space, id, digest);
  let size = 0;
  for await (const part of blobs.read(space, digest)) {
    size += part.length;
    highest = Math.max(highest, process.memoryUsage.rss());
  }
  assert.equal(size, rounds * chunk.length);
  assert.ok(highest - before < 100 << 20, `grew by ${(highest - before) >> 20} MiB`);
});
