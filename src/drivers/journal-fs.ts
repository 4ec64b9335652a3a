// The journal on a file system. Layout: `<directory>/<name>`, bytes as they were appended, nothing around them.
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Journal } from './journal.ts';

interface Waiting {
  readonly content: Uint8Array;
  readonly resolve: (offset: number) => void;
  readonly reject: (cause: unknown) => void;
}

/** A file being appended to. */
interface Writer {
  readonly path: string;
  /** Open once something was written. */
  file: { readonly handle: FileHandle; size: number } | undefined;
  waiting: Waiting[];
  /** Present while its file is being worked on; never rejects. */
  busy: Promise<void> | undefined;
}

/** The files being appended to, of which at most `maxOpen` stay open while nothing is written to them. */
interface Writers {
  of(name: string): Writer;
  /** Closes a file once what was waiting is written. */
  release(name: string): Promise<void>;
  releaseAll(): Promise<void>;
}

function createWriters(pathOf: (name: string) => string, maxOpen: number): Writers {
  const writers = new Map<string, Writer>();

  function writerOf(name: string): Writer {
    let writer = writers.get(name);
    if (!writer) {
      writer = { path: pathOf(name), file: undefined, waiting: [], busy: undefined };
      writers.set(name, writer);
      closeIdle();
    }
    return writer;
  }

  /** Lets go of the longest unused files above the limit. */
  function closeIdle(): void {
    for (const [name, writer] of writers) {
      if (writers.size <= maxOpen) return;
      if (writer.busy === undefined && writer.file !== undefined) void release(name);
    }
  }

  async function release(name: string): Promise<void> {
    const writer = writers.get(name);
    if (!writer) return;
    while (writer.busy) await writer.busy;
    if (writers.get(name) !== writer) return;
    writers.delete(name);
    await writer.file?.handle.close();
  }

  async function releaseAll(): Promise<void> {
    await Promise.all([...writers.keys()].map(release));
  }

  return { of: writerOf, release, releaseAll };
}

/** Journals under `directory` (made where missing); at most `maxOpen` files stay open while nothing is written to them. */
export function createFsJournal(directory: string, maxOpen = 256): Journal {
  const pathOf = (name: string): string => join(directory, checkedName(name));
  const writers = createWriters(pathOf, maxOpen);
  return {
    async append(name, content) {
      const writer = writers.of(name);
      return new Promise((resolve, reject) => {
        writer.waiting.push({ content, resolve, reject });
        writer.busy ??= flush(writer);
      });
    },
    async size(name) {
      return (await unlessMissing(stat(pathOf(name))))?.size ?? 0;
    },
    async read(name, offset, length) {
      const handle = await unlessMissing(open(pathOf(name), 'r'));
      if (!handle) return Buffer.alloc(0);
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
        return buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
    async truncate(name, size) {
      await writers.release(name);
      const handle = await open(pathOf(name), 'r+');
      try {
        await handle.truncate(size);
        await handle.datasync();
      } finally {
        await handle.close();
      }
    },
    async remove(name) {
      await writers.release(name);
      await rm(pathOf(name), { force: true });
    },
    async names() {
      const entries = await unlessMissing(readdir(directory, { recursive: true, withFileTypes: true }));
      return (entries ?? [])
        .filter((entry) => entry.isFile())
        .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
    },
    close: () => writers.releaseAll(),
  };
}

/** Writes what is waiting, one write and one flush to disk for all of it, until nothing is. */
async function flush(writer: Writer): Promise<void> {
  while (writer.waiting.length > 0) {
    const batch = writer.waiting;
    writer.waiting = [];
    try {
      const file = (writer.file ??= await openForAppend(writer.path));
      await writeBatch(file, batch);
    } catch (thrown) {
      for (const item of batch) item.reject(thrown);
    }
  }
  writer.busy = undefined;
}

async function writeBatch(file: { handle: FileHandle; size: number }, batch: readonly Waiting[]): Promise<void> {
  const content = Buffer.concat(batch.map((item) => item.content));
  try {
    for (let written = 0; written < content.byteLength;) {
      written += (await file.handle.write(content, written, content.byteLength - written, file.size + written))
        .bytesWritten;
    }
    await file.handle.datasync();
  } catch (thrown) {
    // A failed write may have left a part of itself.
    await file.handle.truncate(file.size);
    throw thrown;
  }
  for (const item of batch) {
    item.resolve(file.size);
    file.size += item.content.byteLength;
  }
}

async function openForAppend(path: string): Promise<{ handle: FileHandle; size: number }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const existed = (await unlessMissing(stat(path))) !== undefined;
  const handle = await open(path, existed ? 'r+' : 'w+', 0o600);
  if (!existed) await syncDirectory(dirname(path));
  return { handle, size: (await handle.stat()).size };
}

/** A new file's name is durable only once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}

function checkedName(name: string): string {
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(name) || name.split('/').some((part) => /^\.+$/.test(part))) {
    throw new RangeError(`not a journal name: ${JSON.stringify(name)}`);
  }
  return name;
}
