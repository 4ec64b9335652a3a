// A blob's bytes on their way from upstream: as many as were said, and not drop by drop for ever.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '#drivers/upstream-registry.suite.ts';
import { bodyOfSize } from './body.ts';

const url = new URL('https://registry.example.com/v2/app/blobs/x');

/** A time that passes as told, and a body whose chunks come so many seconds after they are asked for. */
function drip(chunks: readonly (readonly [seconds: number, bytes: number])[]) {
  let at = 0;
  const clock = { now: () => new Date(at), pass: (seconds: number) => (at += seconds * 1000) };
  async function* content(): AsyncGenerator<Uint8Array> {
    for (const [seconds, bytes] of chunks) {
      clock.pass(seconds);
      yield Buffer.alloc(bytes);
    }
  }
  const size = chunks.reduce((sum, [, bytes]) => sum + bytes, 0);
  return { clock, body: bodyOfSize(url, content(), { size, clock }) };
}

test('a blob that drips is given up after a minute', async () => {
  const { body } = drip(Array.from({ length: 1000 }, () => [29, 100] as const));
  await assert.rejects(Array.fromAsync(body), failsWith('unreachable'));
});

test('one that is slow, or comes in bursts, is not', async () => {
  for (const chunk of [
    [1, 1100],
    [29, 60_000],
  ] as const) {
    const { body } = drip(Array.from({ length: 200 }, () => chunk));
    assert.equal(Buffer.concat(await Array.fromAsync(body)).length, 200 * chunk[1]);
  }
});

test('the time that its reader takes is not its own', async () => {
  const { body, clock } = drip(Array.from({ length: 10 }, () => [0, 10] as const));
  let received = 0;
  for await (const chunk of body) {
    received += chunk.length;
    clock.pass(3600);
  }
  assert.equal(received, 100);
});
