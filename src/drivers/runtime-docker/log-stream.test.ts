// Log streams: whatever the chunks, the same lines; parts joined, over-long lines cut, terminals understood.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { logLines } from './log-stream.ts';

const first = '2026-11-24T07:49:36.804339726Z';
const second = '2026-11-24T07:49:36.804339727Z';

function frame(type: number, text: string | Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

/** The bytes in pieces of the sizes given, over and over. */
async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let begin = 0, round = 0; begin < bytes.length; round += 1) {
    const size = sizes[round % sizes.length]!;
    yield bytes.subarray(begin, begin + size);
    begin += size;
  }
}

function linesOf(bytes: Buffer, tty = false, sizes: readonly number[] = [65_536]) {
  return Array.fromAsync(logLines(inPieces(bytes, sizes), tty));
}

const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((each) => each.replace(/[\r\n]/g, ' '));

test('multiplexed lines come back whatever the chunks', async () => {
  const line = fc.record({ stream: fc.constantFrom('stdout', 'stderr'), text });
  const pieces = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(line), pieces, async (lines, sizes) => {
      const bytes = lines.map((each) => frame(each.stream === 'stderr' ? 2 : 1, `${first} ${each.text}\n`));
      const expected = lines.map((each) => ({ ...each, timestamp: first }));
      assert.deepEqual(await linesOf(Buffer.concat(bytes), false, sizes), expected);
    }),
    { numRuns: 200 },
  );
});

test('a terminal’s lines come back whatever the chunks', async () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(text), pieces, async (texts, sizes) => {
      const bytes = Buffer.from(texts.map((each) => `${first} ${each}\r\n`).join(''));
      const found = await linesOf(bytes, true, sizes);
      assert.deepEqual(
        found.map((line) => line.text),
        texts,
      );
    }),
    { numRuns: 200 },
  );
});

test('parts of a line are joined, each stream for itself', async () => {
  const bytes = [
    frame(1, `${first} ${'a'.repeat(16_384)}`),
    frame(2, `${second} between\n`),
    frame(1, `${first} tail\n`),
  ];
  assert.deepEqual(await linesOf(Buffer.concat(bytes)), [
    { stream: 'stderr', timestamp: second, text: 'between' },
    { stream: 'stdout', timestamp: first, text: `${'a'.repeat(16_384)}tail` },
  ]);
});

test('what a run left unfinished is no part of the next run’s first line', async () => {
  const bytes = [frame(1, `${first} unfinished`), frame(1, `${second} next\n`), frame(1, `${second} end`)];
  const lines = await linesOf(Buffer.concat(bytes));
  assert.deepEqual(
    lines.map((line) => line.text),
    ['unfinished', 'next', 'end'],
  );
});

test('a terminal’s parts are joined where the timestamp comes again', async () => {
  const part = 'b'.repeat(16_384);
  const bytes = Buffer.from(`${first} ${part}${first} ${part}${first} tail\r\n${second} x\r\n`);
  for (const size of [7, 16_400, 65_536]) {
    const lines = await linesOf(bytes, true, [size]);
    assert.deepEqual(
      lines.map((line) => line.text),
      [`${part}${part}tail`, 'x'],
    );
  }
});

test('an over-long line comes in several, none with half a character', async () => {
  const whole = 'ü€😀'.repeat(60_000);
  const bytes = Buffer.from(whole);
  const parts: Buffer[] = [];
  for (let begin = 0; begin < bytes.length; begin += 16_384) {
    const end = begin + 16_384 >= bytes.length ? '\n' : '';
    const part = Buffer.concat([Buffer.from(`${first} `), bytes.subarray(begin, begin + 16_384), Buffer.from(end)]);
    parts.push(frame(1, part));
  }
  const lines = await linesOf(Buffer.concat(parts));
  assert.equal(lines.map((line) => line.text).join(''), whole);
  assert.ok(lines.length === 3 && lines.every((line) => Buffer.byteLength(line.text) <= 262_144 + 16_384));
});

test('an error in the stream is thrown, and so is what is no log', async () => {
  await assert.rejects(linesOf(frame(3, 'driver gone')), { name: 'RuntimeError', message: 'driver gone' });
  await assert.rejects(linesOf(Buffer.from('HTTP/1.1 400 Bad')), { name: 'RuntimeError', reason: 'failed' });
  await assert.rejects(linesOf(frame(1, 'no timestamp here at all, sorry\n')), { name: 'RuntimeError' });
});
