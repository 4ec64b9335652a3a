// The access log: a JSON line for each request, in a file that is set aside once it is large.
import { createWriteStream, renameSync, statSync, type WriteStream } from 'node:fs';
import type { Log } from '#kernel/log.ts';

export interface AccessLog {
  /** Appends a record; what the disk does not take is reported to the log, never to the caller. */
  record(record: object): void;
  /** Resolves once everything is written. */
  close(): Promise<void>;
}

/** Keeps at most two files of about `maxBytes`: `path` and `path.1`. */
export function openAccessLog(path: string, log: Log, maxBytes = 64 * 1024 * 1024): AccessLog {
  let size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  let stream = open();

  function open(): WriteStream {
    const opened = createWriteStream(path, { flags: 'a', mode: 0o600 });
    opened.on('error', (error) => log.error('the access log cannot be written', { path, error: error.message }));
    return opened;
  }

  function setAside(): void {
    stream.end();
    renameSync(path, `${path}.1`);
    stream = open();
    size = 0;
  }

  return {
    record(record) {
      const line = `${JSON.stringify(record)}\n`;
      size += line.length;
      stream.write(line);
      if (size > maxBytes) setAside();
    },
    close: () => new Promise((resolve) => stream.end(resolve)),
  };
}
