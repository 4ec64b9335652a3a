// A container's /logs stream as lines: multiplexed frames or a terminal's raw bytes, 16 KiB parts joined again.
import { RuntimeError } from '#drivers/runtime.ts';
import type { LogLine } from '#drivers/runtime.ts';

/** One entry of the engine's log: a whole line with its line end, or a part of one without. */
interface Entry {
  readonly stream: LogLine['stream'];
  /** `<timestamp> <text>`, as the engine writes it when asked for timestamps. */
  readonly bytes: Buffer;
}

/** dockerd cuts what a container writes into parts of this size. */
const partBytes = 16_384;
/** A line is joined up to this many bytes; a longer one comes as several, so that memory is bounded. */
const longestLine = 262_144;
/** Far more than an entry can have; a frame that claims more means that we are reading something else. */
const longestFrame = 4 * longestLine;

/** `2026-11-24T07:49:36.804339726Z`: RFC 3339 with all nine digits of the nanoseconds. */
const stampLength = 30;
const stamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/;

/** The lines of a /logs answer (timestamps on). `tty`: whether the container has a terminal, whose bytes come raw. */
export async function* logLines(
  chunks: AsyncIterable<Uint8Array>,
  tty: boolean,
): AsyncGenerator<LogLine, void, undefined> {
  const pending = { stdout: new PendingLine('stdout'), stderr: new PendingLine('stderr') };
  for await (const { stream, bytes } of tty ? rawEntries(chunks) : frames(chunks)) {
    yield* pending[stream].add(bytes, tty);
  }
  yield* pending.stdout.flush();
  yield* pending.stderr.flush();
}

/** Frames: one byte for the stream, three of zero, four for the length, then the entry. */
async function* frames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Entry, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = joined(rest, chunk);
    while (rest.length >= 8) {
      const length = rest.readUInt32BE(4);
      if (rest[0]! > 3 || length > longestFrame) throw new RuntimeError('failed', 'The engine sent no log stream');
      if (rest.length < 8 + length) break;
      const bytes = rest.subarray(8, 8 + length);
      if (rest[0] === 3) throw new RuntimeError('failed', bytes.toString('utf8').trim());
      yield { stream: rest[0] === 2 ? 'stderr' : 'stdout', bytes };
      rest = rest.subarray(8 + length);
    }
  }
}

/**
 * A terminal's entries come without frames: lines end with a line feed, and where a part ends without one, the next
 * part begins with the same timestamp as its line.
 */
async function* rawEntries(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Entry, void, undefined> {
  const partEnd = stampLength + 1 + partBytes;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = joined(rest, chunk);
    for (;;) {
      const lineFeed = rest.indexOf(10);
      const begun = lineFeed === -1 ? rest.length : lineFeed;
      const again = partEnd + stampLength <= begun && isStampOf(rest, partEnd);
      if (!again && lineFeed === -1 && rest.length <= longestLine) break;
      const end = again ? partEnd : begun + (lineFeed === -1 ? 0 : 1);
      yield { stream: 'stdout', bytes: rest.subarray(0, end) };
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) yield { stream: 'stdout', bytes: rest };
}

function isStampOf(bytes: Buffer, offset: number): boolean {
  return bytes.compare(bytes, offset, offset + stampLength, 0, stampLength) === 0;
}

function joined(rest: Buffer, chunk: Uint8Array): Buffer {
  return rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([rest, chunk]);
}

/** The line that one stream is in the middle of. */
class PendingLine {
  readonly #stream: LogLine['stream'];
  #timestamp = '';
  #parts: Buffer[] = [];
  #size = 0;

  constructor(stream: LogLine['stream']) {
    this.#stream = stream;
  }

  /** Takes the next entry and gives the lines that it completes. */
  *add(entry: Buffer, tty: boolean): Generator<LogLine, void, undefined> {
    const timestamp = entry.toString('latin1', 0, stampLength);
    if (!stamp.test(timestamp)) throw new RuntimeError('failed', `The engine sent a log entry without a timestamp`);
    // Parts of one line carry one timestamp. Another one means that the earlier run ended in the middle of a line.
    if (timestamp !== this.#timestamp) yield* this.flush();
    this.#timestamp = timestamp;
    const ended = entry[entry.length - 1] === 10;
    this.#push(entry.subarray(stampLength + 1, ended ? endOfText(entry, tty) : entry.length));
    if (ended) yield this.#take();
    else if (this.#size >= longestLine) yield this.#cut();
  }

  /** Gives what there is of a line that has not ended. */
  *flush(): Generator<LogLine, void, undefined> {
    if (this.#size > 0) yield this.#take();
  }

  #push(text: Buffer): void {
    // A copy, so that a waiting part does not hold the whole chunk that it came in.
    this.#parts.push(Buffer.from(text));
    this.#size += text.length;
  }

  #take(): LogLine {
    const text = Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#size = 0;
    return { stream: this.#stream, timestamp: this.#timestamp, text };
  }

  /** What there is of an over-long line, up to the last whole character. */
  #cut(): LogLine {
    const bytes = Buffer.concat(this.#parts);
    const end = wholeCharacters(bytes);
    this.#parts = [bytes.subarray(0, end)];
    const line = this.#take();
    if (end < bytes.length) this.#push(bytes.subarray(end));
    return line;
  }
}

function endOfText(entry: Buffer, tty: boolean): number {
  const end = entry.length - 1;
  return tty && entry[end - 1] === 13 ? end - 1 : end;
}

/** How many bytes there are without a UTF-8 character that is cut off at the end (RFC 3629, section 3). */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0;
    if (needs > 0) return needs > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
