// One download and many readers: early, late, slow and gone ones.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { FakeBlobs } from '#drivers/blobs-fake.ts';
import { FakeUpstream } from '#drivers/upstream-registry-fake.ts';
import { UpstreamError } from '#drivers/upstream-registry.ts';
import { systemClock } from '#kernel/clock.ts';
import { systemRandom } from '#kernel/random.ts';
import { BlobFetch } from './blob-fetch.ts';

const from = { registry: 'registry.example.com', repository: 'team/app' };
const namespace = '123456789012.us-east-1';

/** A download whose upstream sends a chunk for each call of `send`. */
function open(content: Buffer) {
  const upstream = new FakeUpstream();
  const blobs = new FakeBlobs({ clock: systemClock, random: systemRandom });
  const digest = upstream.putBlob(from, content);
  const waiting: (() => void)[] = [];
  let credit = 0;
  upstream.pace = async (_, sent) => {
    if (sent > 0 && credit === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    if (sent > 0) credit -= 1;
  };
  const kept: string[] = [];
  const start = () =>
    new BlobFetch({
      upstream,
      blobs,
      namespace,
      from,
      digest,
      size: content.length,
      keep: async () => void kept.push(digest),
    });
  const send = (chunks = 1) => {
    credit += chunks;
    for (const go of waiting.splice(0, 1)) go();
  };
  const sendAll = () => send(Infinity);
  return { upstream, blobs, digest, start, send, sendAll, kept };
}

async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(content));
}

test('an early reader gets bytes before the last were sent; a late one gets all of them from disk', async () => {
  const content = randomBytes(300_000);
  const { start, send, sendAll, upstream, kept } = open(content);
  const fetch = start();
  const early = fetch.read()[Symbol.asyncIterator]();
  await fetch.opened;
  const first = early.next();
  // One chunk is always held back.
  send();
  const got = await first;
  assert.deepEqual(got.value, content.subarray(0, 65_536));
  const late = bytesOf(fetch.read());
  sendAll();
  const rest = await bytesOf({ [Symbol.asyncIterator]: () => early });
  assert.deepEqual(Buffer.concat([got.value!, rest]), content);
  assert.deepEqual(await late, content);
  await fetch.kept;
  assert.deepEqual(await bytesOf(fetch.read()), content);
  assert.equal(upstream.asked.length, 1);
  assert.equal(kept.length, 1);
});

test('a reader slower than the disk holds nothing up and misses nothing', async () => {
  const content = randomBytes(5_000_000);
  const { start, sendAll } = open(content);
  const fetch = start();
  const slow = fetch.read()[Symbol.asyncIterator]();
  sendAll();
  await fetch.kept;
  assert.deepEqual(await bytesOf({ [Symbol.asyncIterator]: () => slow }), content);
});

test('a reader that goes away leaves the download to the others', async () => {
  const content = randomBytes(300_000);
  const { start, sendAll } = open(content);
  const fetch = start();
  const gone = fetch.read()[Symbol.asyncIterator]();
  const stays = bytesOf(fetch.read());
  await gone.return?.();
  sendAll();
  assert.deepEqual(await stays, content);
});

test('an empty blob is one, too', async () => {
  const { start, blobs, digest } = open(Buffer.alloc(0));
  const fetch = start();
  assert.equal((await bytesOf(fetch.read())).length, 0);
  await fetch.kept;
  assert.equal(await blobs.size(namespace, digest), 0);
  assert.equal((await bytesOf(fetch.read())).length, 0);
});

test('wrong bytes reach no reader whole, and nothing of them is kept', async () => {
  const content = randomBytes(300_000);
  const { start, sendAll, upstream, blobs, digest, kept } = open(content);
  upstream.damageBlob(from, digest);
  const fetch = start();
  const [early, late] = [bytesOf(fetch.read()), fetch.kept.then(() => undefined).catch(() => bytesOf(fetch.read()))];
  sendAll();
  for (const reading of [early, fetch.kept, late]) {
    await assert.rejects(reading, (thrown) => thrown instanceof UpstreamError && thrown.reason === 'malformed');
  }
  assert.equal(await blobs.size(namespace, digest), undefined);
  assert.deepEqual(kept, []);
});

test('an upstream that goes away in the middle fails the download and its readers', async () => {
  const { start, send, sendAll, upstream } = open(randomBytes(300_000));
  const fetch = start();
  const reading = bytesOf(fetch.read());
  await fetch.opened;
  send();
  upstream.failure = 'unreachable';
  sendAll();
  for (const each of [reading, fetch.kept]) {
    await assert.rejects(each, (thrown) => thrown instanceof UpstreamError && thrown.reason === 'unreachable');
  }
});
