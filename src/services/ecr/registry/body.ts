// The body of a request to the registry: read as it comes, or taken off the line where nobody wants it.
import type { IncomingMessage } from 'node:http';
import type { Clock } from '#kernel/clock.ts';

/** Nothing of a body for so long, and its client is taken for gone: what it holds is free for its next try. */
const silenceMs = 60_000;
/** Bytes of a refused body that are still read, and how long that may take. */
const drainBytes = 16 * 1024 * 1024;
const drainMs = 30_000;

/**
 * The body's chunks. Where its client goes away, or falls silent (its connection is then closed), they end without an
 * error, so that what came is kept; `request.complete` tells.
 */
export async function* bodyOf(request: IncomingMessage, silence = silenceMs): AsyncGenerator<Uint8Array> {
  const giveUp = (): void => void request.destroy();
  request.setTimeout(silence, giveUp);
  try {
    // Otherwise a full disk would close the connection before its error could be told.
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch (thrown) {
    if (!request.destroyed) throw thrown;
  } finally {
    request.off('timeout', giveUp);
    request.socket.setTimeout(0);
  }
}

/**
 * Takes the rest of a refused body off the connection, or its next request would never be read. A client that goes on
 * sending although it was answered, or never comes to its end, loses the connection instead.
 */
export function drain(request: IncomingMessage, clock: Clock, patience = drainMs): void {
  if (request.complete) return;
  let left = drainBytes;
  const over = new AbortController();
  const isOver = (): void => over.abort();
  for (const end of ['end', 'close']) request.once(end, isOver);
  // Once its reply is through, node tells a request no more that its connection is gone.
  request.socket.once('close', isOver);
  over.signal.addEventListener('abort', () => request.socket.off('close', isOver));
  void clock.sleep(patience, over.signal).then(() => {
    if (!over.signal.aborted) request.destroy();
  });
  // That it left is what we wish for by now.
  request.on('error', () => {});
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  // Begins to read at once: at the reply's end node takes over the body of a request that nobody reads, without a limit.
  request.read(0);
}
