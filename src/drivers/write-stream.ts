// Writes a stream into a file in large pieces, each one while the next arrives and is hashed.
import type { FileHandle } from 'node:fs/promises';

/**
 * Bytes of a piece. Sockets give 64 KiB at a time; a write for each costs more than the write itself (bench: 1 GB in
 * pieces of 64 KiB, 256 KiB, 512 KiB, 1 MiB).
 */
const pieceBytes = 512 * 1024;

export interface Target {
  readonly file: FileHandle;
  /** Where the first byte goes. */
  readonly offset: number;
  /** Is told every chunk, before it is written. */
  readonly update: (chunk: Uint8Array) => void;
}

/**
 * Gives the offset after the last byte. Where the stream throws, so does this, and all that came before is in the file.
 * Throws `WriteFailed` where the file did not take what the stream gave: what is in it then, nobody knows.
 */
export async function writeStream(
  content: AsyncIterable<Uint8Array>,
  { file, offset, update }: Target,
): Promise<number> {
  let end = offset;
  let piece: Uint8Array[] = [];
  let length = 0;
  let writing: Promise<void> | undefined;
  const begin = (): void => {
    writing = writeAll(file, piece, end);
    // It is awaited later; until then it must not count as a rejection that nobody handles.
    writing.catch(() => undefined);
    end += length;
    piece = [];
    length = 0;
  };
  try {
    for await (const chunk of content) {
      update(chunk);
      piece.push(chunk);
      length += chunk.length;
      if (length < pieceBytes) continue;
      await writing;
      begin();
    }
  } finally {
    await writing;
    if (length > 0) begin();
    await writing;
  }
  return end;
}

/** The file did not take what it was given (a full disk). */
export class WriteFailed extends Error {
  override readonly name = 'WriteFailed';
}

async function writeAll(file: FileHandle, piece: readonly Uint8Array[], position: number): Promise<void> {
  try {
    let rest = piece;
    let at = position;
    while (rest.length > 0) {
      const { bytesWritten } = await file.writev(rest, at);
      at += bytesWritten;
      rest = without(rest, bytesWritten);
    }
  } catch (thrown) {
    throw new WriteFailed(`An upload cannot be written: ${(thrown as Error).message}`, { cause: thrown });
  }
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
