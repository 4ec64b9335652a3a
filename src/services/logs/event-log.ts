// The events of one stream: a journal of lines with an index of its blocks in memory.
import type { Journal } from '#drivers/journal.ts';
import type { ContainerPosition } from './ports.ts';

/** An event as it is kept. */
export interface StoredEvent {
  /** Milliseconds since 1970, as its writer said. */
  readonly timestamp: number;
  /** Milliseconds since 1970, when it came in. */
  readonly ingestionTime: number;
  readonly message: string;
  /** A container line's own timestamp (RFC 3339 with nanoseconds). */
  readonly source?: string;
}

/** An event and its place in the stream (0, 1, …). */
export interface PlacedEvent extends StoredEvent {
  readonly ordinal: number;
}

/** The order of a stream's events: by time, then as they came in. */
export function comparePlaces(a: Place, b: Place): number {
  return a.timestamp - b.timestamp || a.ordinal - b.ordinal;
}

/** A place between a stream's events. */
export type Place = Pick<PlacedEvent, 'timestamp' | 'ordinal'>;

/** Milliseconds since 1970; `start` is included, `end` is not. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
}

/** What is known of a stream without reading it. */
export interface EventSummary {
  readonly count: number;
  readonly bytes: number;
  readonly firstTimestamp?: number;
  readonly lastTimestamp?: number;
  readonly lastIngestionTime?: number;
}

/** A run of whole lines of the journal. */
interface Block {
  readonly offset: number;
  length: number;
  readonly firstOrdinal: number;
  count: number;
  earliest: number;
  latest: number;
}

const blockBytes = 64 * 1024;
const lineEnd = 0x0a;

/** One stream's events. A line is `[timestamp, ingestionTime, message, source?]` as JSON. */
export class EventLog {
  readonly #journal: Journal;
  readonly #name: string;
  readonly #blocks: Block[] = [];
  #count = 0;
  #bytes = 0;
  #position: ContainerPosition | undefined;
  #lastIngestionTime: number | undefined;
  #damaged = 0;

  private constructor(journal: Journal, name: string) {
    this.#journal = journal;
    this.#name = name;
  }

  /** Reads the journal once, to index it, and cuts off what a crash left half written. */
  static async open(journal: Journal, name: string): Promise<EventLog> {
    const log = new EventLog(journal, name);
    const size = await journal.size(name);
    let rest: Buffer = Buffer.alloc(0);
    for (let offset = 0; offset < size;) {
      const chunk = await journal.read(name, offset, 16 * blockBytes);
      if (chunk.byteLength === 0) break;
      offset += chunk.byteLength;
      rest = log.#indexLines(Buffer.concat([rest, chunk]));
    }
    if (rest.byteLength > 0) await journal.truncate(name, log.#bytes);
    return log;
  }

  /** Appends events in order; durable when it resolves. */
  async append(events: readonly StoredEvent[]): Promise<void> {
    const lines = events.map((event) => Buffer.from(`${JSON.stringify(toLine(event))}\n`));
    await this.#journal.append(this.#name, Buffer.concat(lines));
    for (const [index, event] of events.entries()) this.#indexLine(event, lines[index]!.byteLength);
  }

  /**
   * The events of a time range in the order of (timestamp, ordinal), or against it. Reads only blocks that may hold
   * some, a few at a time.
   */
  async *read(range: TimeRange, direction: 'forward' | 'backward' = 'forward'): AsyncGenerator<PlacedEvent> {
    const groups = overlapping(this.#blocks.filter((block) => meets(block, range)));
    for (const group of direction === 'forward' ? groups : groups.toReversed()) {
      const events = (await Promise.all(group.map((block) => this.#readBlock(block)))).flat();
      const wanted = events.filter((event) => event.timestamp >= range.start && event.timestamp < range.end);
      wanted.sort(comparePlaces);
      yield* direction === 'forward' ? wanted : wanted.toReversed();
    }
  }

  /** Lines of the journal that no longer can be read: its medium is damaged. All others still are. */
  get damaged(): number {
    return this.#damaged;
  }

  /** Where a container's output stands in this stream. */
  get position(): ContainerPosition | undefined {
    return this.#position;
  }

  summary(): EventSummary {
    if (this.#count === 0) return { count: 0, bytes: 0 };
    return {
      count: this.#count,
      bytes: this.#bytes,
      firstTimestamp: Math.min(...this.#blocks.map((block) => block.earliest)),
      lastTimestamp: Math.max(...this.#blocks.map((block) => block.latest)),
      lastIngestionTime: this.#lastIngestionTime,
    };
  }

  async #readBlock(block: Block): Promise<PlacedEvent[]> {
    const content = await this.#journal.read(this.#name, block.offset, block.length);
    // The stream was deleted while somebody reads it, and its journal with it.
    if (content.byteLength === 0) return [];
    const lines = content.toString().split('\n').slice(0, block.count);
    return lines.flatMap((line, index) => {
      const event = fromLine(line);
      return event === undefined ? [] : [{ ...event, ordinal: block.firstOrdinal + index }];
    });
  }

  /** Indexes the whole lines of `content` and gives the rest. */
  #indexLines(content: Buffer): Buffer {
    let start = 0;
    for (let end = content.indexOf(lineEnd); end >= 0; end = content.indexOf(lineEnd, start)) {
      this.#indexLine(fromLine(content.toString('utf8', start, end)), end + 1 - start);
      start = end + 1;
    }
    return content.subarray(start);
  }

  #indexLine(event: StoredEvent | undefined, length: number): void {
    const block = this.#blockFor(length);
    if (event === undefined) {
      this.#damaged += 1;
      return;
    }
    block.earliest = Math.min(block.earliest, event.timestamp);
    block.latest = Math.max(block.latest, event.timestamp);
    this.#lastIngestionTime = event.ingestionTime;
    if (event.source === undefined) return;
    const repeated = this.#position?.timestamp === event.source ? this.#position.count : 0;
    this.#position = { timestamp: event.source, count: repeated + 1 };
  }

  /** The block that the next line belongs to, with room made in it for `length` bytes. */
  #blockFor(length: number): Block {
    let block = this.#blocks.at(-1);
    if (!block || block.length >= blockBytes) {
      block = {
        offset: this.#bytes,
        length: 0,
        firstOrdinal: this.#count,
        count: 0,
        earliest: Infinity,
        latest: -Infinity,
      };
      this.#blocks.push(block);
    }
    block.length += length;
    block.count += 1;
    this.#bytes += length;
    this.#count += 1;
    return block;
  }
}

function toLine(event: StoredEvent): unknown[] {
  const line = [event.timestamp, event.ingestionTime, event.message];
  return event.source === undefined ? line : [...line, event.source];
}

/** Undefined where the line is not one that was written. */
function fromLine(line: string): StoredEvent | undefined {
  const parsed = parseLine(line);
  if (parsed === undefined) return undefined;
  const [timestamp, ingestionTime, message, source] = parsed;
  return source === undefined ? { timestamp, ingestionTime, message } : { timestamp, ingestionTime, message, source };
}

function parseLine(line: string): [number, number, string, string?] | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    const whole = Array.isArray(parsed) && typeof parsed[0] === 'number' && typeof parsed[2] === 'string';
    return whole ? (parsed as [number, number, string, string?]) : undefined;
  } catch {
    return undefined; // Not JSON: damaged.
  }
}

function meets(block: Block, range: TimeRange): boolean {
  return block.latest >= range.start && block.earliest < range.end;
}

/**
 * Blocks ordered by time, in groups whose times overlap: only within such a group must events be sorted. A block that
 * begins at the very millisecond at which the earlier ones end stands alone: ordinals put it behind them.
 */
function overlapping(blocks: readonly Block[]): Block[][] {
  const groups: { latest: number; lastOrdinal: number; blocks: Block[] }[] = [];
  for (const block of blocks.toSorted((a, b) => a.earliest - b.earliest || a.firstOrdinal - b.firstOrdinal)) {
    const last = groups.at(-1);
    const touches = last && block.earliest === last.latest && block.firstOrdinal < last.lastOrdinal;
    if (last && (block.earliest < last.latest || touches)) {
      last.blocks.push(block);
      last.latest = Math.max(last.latest, block.latest);
      last.lastOrdinal = Math.max(last.lastOrdinal, block.firstOrdinal);
    } else {
      groups.push({ latest: block.latest, lastOrdinal: block.firstOrdinal, blocks: [block] });
    }
  }
  return groups.map((group) => group.blocks);
}
