// Reads a file in pieces, each while the one before is being used.
import type { FileHandle } from 'node:fs/promises';

/** Bytes of a piece. */
const pieceBytes = 256 * 1024;

export interface Extent {
  /** Offset of the first byte. */
  readonly start: number;
  /** Bytes; the file may have fewer. */
  readonly length: number;
  /**
   * A piece is its reader's until the reader has asked for two more: three buffers serve for all, where a fresh one for
   * each would pile up until the garbage collector comes (bench: 50 MB while 200 MB are pulled).
   */
  readonly lent: boolean;
}

export async function* readPieces(
  file: FileHandle,
  { start, length, lent }: Extent,
): AsyncGenerator<Uint8Array, void, undefined> {
  const size = Math.min(pieceBytes, length);
  const end = start + length;
  const buffers: Buffer[] = [];
  const bufferOf = (index: number): Buffer => {
    return lent ? (buffers[index % 3] ??= Buffer.allocUnsafeSlow(size)) : Buffer.allocUnsafeSlow(size);
  };
  const read = async (index: number, at: number): Promise<Uint8Array> => {
    const buffer = bufferOf(index);
    const wanted = Math.min(size, end - at);
    // Whole pieces alone: a sink that takes a small one without waiting would still hold it when its buffer is filled anew.
    for (let got = 0; got < wanted;) {
      const { bytesRead } = await file.read(buffer, got, wanted - got, at + got);
      if (bytesRead === 0) return buffer.subarray(0, got);
      got += bytesRead;
    }
    return buffer.subarray(0, wanted);
  };
  let at = start;
  let ahead = at < end ? read(0, at) : undefined;
  try {
    for (let index = 1; ahead !== undefined; index += 1) {
      const piece: Uint8Array = await ahead;
      ahead = undefined;
      if (piece.length === 0) return;
      at += piece.length;
      if (at < end) ahead = read(index, at);
      // Whoever uses the piece may take long to come back for this one's fault.
      ahead?.catch(() => undefined);
      yield piece;
    }
  } finally {
    // The file is closed after this.
    await ahead?.catch(() => undefined);
  }
}
