// Writes a stream into a file: each piece while the next one arrives and is hashed.
import type { FileHandle } from 'node:fs/promises';
import { messageOf } from '#kernel/error.ts';

/** Bytes that wait at most: for more than these the stream has to wait. */
const waitingBytes = 512 * 1024;

/** Bytes after which the disk begins to take them for good, so that not all is left for the end. */
const syncBytes = 64 * 1024 * 1024;

export interface Target {
  readonly file: FileHandle;
  /** Where the first byte goes. */
  readonly offset: number;
  /** Is told every chunk, before it is written. */
  readonly update: (chunk: Uint8Array) => void;
}

/**
 * Where the stream throws, so does this, and all that came before is in the file. Throws `WriteFailed` where the file did
 * not take what the stream gave: what is in it then, nobody knows.
 */
export async function writeStream(content: AsyncIterable<Uint8Array>, { file, offset, update }: Target): Promise<void> {
  const writer = new Writer(file, offset);
  try {
    for await (const chunk of content) {
      update(chunk);
      await writer.add(chunk);
    }
  } finally {
    await writer.end();
  }
}

/** The file did not take what it was given (a full disk). */
export class WriteFailed extends Error {
  override readonly name = 'WriteFailed';
}

/** Writes what it has as soon as the write before is over: slow streams at once, fast ones in large pieces. */
class Writer {
  readonly #file: FileHandle;
  #position: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #unsynced = 0;
  #syncing: Promise<void> | undefined;
  #failure: WriteFailed | undefined;

  constructor(file: FileHandle, position: number) {
    this.#file = file;
    this.#position = position;
  }

  /** Resolves once the next chunk may come. */
  async add(chunk: Uint8Array): Promise<void> {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    this.#writing ??= this.#writeWaiting();
    if (this.#waitingBytes >= waitingBytes) await this.#writing;
    if (this.#failure) throw this.#failure;
  }

  /** Resolves once all is written. */
  async end(): Promise<void> {
    await this.#writing;
    await this.#syncing;
    if (this.#failure) throw this.#failure;
  }

  /** Until nothing waits any more. Never rejects: nobody may be waiting for it. */
  async #writeWaiting(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const piece = this.#waiting;
        this.#waiting = [];
        this.#waitingBytes = 0;
        const end = await writeAll(this.#file, piece, this.#position);
        this.#unsynced += end - this.#position;
        this.#position = end;
        if (this.#unsynced >= syncBytes) this.#syncing ??= this.#sync();
      }
    } catch (thrown) {
      this.#fail(thrown);
    }
    this.#writing = undefined;
  }

  /** Beside the writes that follow. Never rejects, as above. */
  async #sync(): Promise<void> {
    this.#unsynced = 0;
    try {
      await this.#file.datasync();
    } catch (thrown) {
      this.#fail(thrown);
    }
    this.#syncing = undefined;
  }

  #fail(cause: unknown): void {
    this.#failure ??= new WriteFailed(`An upload cannot be written: ${messageOf(cause)}`, { cause });
  }
}

/** Gives the position after the last byte. */
async function writeAll(file: FileHandle, piece: readonly Uint8Array[], position: number): Promise<number> {
  let rest = piece;
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, at);
    at += bytesWritten;
    rest = without(rest, bytesWritten);
  }
  return at;
}

/** What is left of some buffers without their first bytes. */
function without(buffers: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skip = bytes;
  const rest: Uint8Array[] = [];
  for (const buffer of buffers) {
    if (skip < buffer.length) rest.push(buffer.subarray(skip));
    skip = Math.max(0, skip - buffer.length);
  }
  return rest;
}
