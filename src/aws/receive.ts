// Takes a request off its socket, whole and bounded.
import type { IncomingMessage } from 'node:http';
import type { WireRequest } from './wire.ts';

/** A request without its body. */
export type RequestHead = Omit<WireRequest, 'body'>;

/** Reads what came before the body. */
export function receiveHead(message: IncomingMessage): RequestHead {
  const url = message.url ?? '/';
  const mark = url.indexOf('?');
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers: joinHeaders(message.rawHeaders),
  };
}

/** Node drops repetitions of some headers; a signature covers them all, joined as here (SigV4's canonical headers). */
function joinHeaders(raw: readonly string[]): Record<string, string | undefined> {
  // Without a prototype: a header may be called `__proto__`.
  const headers: Record<string, string | undefined> = Object.create(null) as Record<string, string | undefined>;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase();
    const before = headers[name];
    headers[name] = before === undefined ? raw[index + 1]! : `${before},${raw[index + 1]!}`;
  }
  return headers;
}

/**
 * The body, or undefined where it is longer than `limit` bytes: the rest of it is then not read, and the connection
 * must be closed. Rejects where the client goes away.
 */
export async function receiveBody(message: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}
