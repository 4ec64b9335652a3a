// Streams into files: every byte in order, slow ones at once, and a file that takes nothing more ends them.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { until } from '#kernel/until.fixture.ts';
import { readPieces } from './read-pieces.ts';
import { WriteFailed, writeStream } from './write-stream.ts';

const root = await mkdtemp(join(tmpdir(), 'berth-stream-'));
after(() => rm(root, { recursive: true }));
const path = join(root, 'file');

async function* stream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

test('what is written, in whatever chunks, is what is read, in whatever part', async () => {
  const sizes = fc.array(fc.oneof(fc.nat(10), fc.nat(300_000)), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(1000), fc.boolean(), async (lengths, start, lent) => {
      const chunks = lengths.map((length) => randomBytes(length));
      const whole = Buffer.concat(chunks);
      const file = await open(path, 'w+');
      let told = 0;
      await writeStream(stream(chunks), { file, offset: 0, update: (chunk) => void (told += chunk.length) });
      assert.equal(told, whole.length);
      assert.ok((await readFile(path)).equals(whole));
      const read: Buffer[] = [];
      for await (const piece of readPieces(file, { start, length: whole.length, lent })) read.push(Buffer.from(piece));
      assert.ok(Buffer.concat(read).equals(whole.subarray(start)), 'the file may end before the part does');
      await file.close();
    }),
    { numRuns: 40 },
  );
});

test('a stream that stands still has been written as far as it came, and its fault is told', async () => {
  const file = await open(path, 'w+');
  const goOn = Promise.withResolvers<void>();
  const content = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('first ');
    yield Buffer.from('second');
    await goOn.promise;
    throw new Error('connection lost');
  };
  const writing = writeStream(content(), { file, offset: 0, update: () => undefined });
  await until('what came is in the file', async () => (await readFile(path, 'utf8')) === 'first second');
  goOn.resolve();
  await assert.rejects(writing, /connection lost/);
  await file.close();
});

test('a file that takes nothing ends the stream', async () => {
  const file = await open('/dev/full', 'r+');
  let ended = false;
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.alloc(100_000);
    } finally {
      ended = true;
    }
  };
  await assert.rejects(
    writeStream(endless(), { file, offset: 0, update: () => undefined }),
    (thrown) => thrown instanceof WriteFailed && /ENOSPC/.test(thrown.message),
  );
  assert.ok(ended);
  await file.close();
});
