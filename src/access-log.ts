// The access log: a JSON line for each request, in a file that is set aside once it is large.
import { open, rename, type FileHandle } from 'node:fs/promises';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';

export interface AccessLog {
  /** Appends a record; what the disk does not take is reported to the log, never to the caller. */
  record(record: object): void;
  /** Resolves once everything is written. */
  close(): Promise<void>;
}

interface AccessLogParts {
  readonly log: Log;
  readonly clock: Clock;
  /** Bytes after which a file is set aside; 64 MiB when absent. */
  readonly maxBytes?: number;
}

/** Milliseconds that records gather before they are written: a write for each would cost a twentieth of a request. */
const gatherMs = 25;

/** Keeps at most two files of about `maxBytes`: `path` and `path.1`. */
export function openAccessLog(path: string, parts: AccessLogParts): AccessLog {
  const { log, clock, maxBytes = 64 * 1024 * 1024 } = parts;
  const closing = new AbortController();
  const file = new SetAsideFile(path, maxBytes);
  let waiting: string[] = [];
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      await clock.sleep(gatherMs, closing.signal);
      const lines = waiting;
      waiting = [];
      await file.append(lines).catch((error: unknown) => {
        log.error('the access log cannot be written', { path, lines: lines.length, error });
      });
    }
    writing = undefined;
  }

  return {
    record(record) {
      waiting.push(`${JSON.stringify(record)}\n`);
      writing ??= writeAll();
    },
    async close() {
      closing.abort();
      await writing;
      await file.close();
    },
  };
}

/** A file that is appended to, and renamed to `path.1` when it is full. One call at a time. */
class SetAsideFile {
  readonly #path: string;
  readonly #maxBytes: number;
  #handle: FileHandle | undefined;
  #size = 0;

  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  /** Rejects where the disk does not take them; some may be written then. */
  async append(lines: readonly string[]): Promise<void> {
    for (let next = 0; next < lines.length;) {
      const handle = (this.#handle ??= await this.#open());
      const start = next;
      while (next < lines.length && this.#size <= this.#maxBytes) this.#size += Buffer.byteLength(lines[next++]!);
      await handle.appendFile(lines.slice(start, next).join(''));
      if (this.#size > this.#maxBytes) await this.#setAside();
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #open(): Promise<FileHandle> {
    const handle = await open(this.#path, 'a', 0o600);
    this.#size = (await handle.stat()).size;
    return handle;
  }

  async #setAside(): Promise<void> {
    await this.close();
    await rename(this.#path, `${this.#path}.1`);
  }
}
