// Bodies of an upstream's replies: small ones whole and bounded, large ones as a stream that is held to its length.
import type { IncomingMessage } from 'node:http';
import type { Clock } from '#kernel/clock.ts';
import { UpstreamError } from '#drivers/upstream-registry.ts';
import { asUpstreamError } from './request.ts';

/** A body of at most `most` bytes. Throws UpstreamError. */
export async function bodyUpTo(url: URL, reply: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of reply as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > most) throw new UpstreamError('malformed', `${url.host} sent more than ${most} bytes.`);
      chunks.push(chunk);
    }
  } catch (thrown) {
    throw asUpstreamError(url, thrown);
  }
  return Buffer.concat(chunks);
}

/** The JSON object of a body. Throws UpstreamError `malformed`. */
export function jsonOf(url: URL, body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below: what is no JSON and what is no object are the same to the caller.
  }
  throw new UpstreamError('malformed', `${url.host} sent no JSON object.`);
}

/** Bytes a second that a body must come to on average, once a minute is over: a byte now and then would hold its place for ever. */
const slowest = 1024;
const patienceSeconds = 60;

/** A body of exactly `size` bytes, as it comes. Throws UpstreamError where it ends early, goes on or drips. */
export async function* bodyOfSize(
  url: URL,
  reply: AsyncIterable<Uint8Array>,
  { size, clock }: { readonly size: number; readonly clock: Pick<Clock, 'now'> },
): AsyncGenerator<Uint8Array> {
  let received = 0;
  /** Without the time that whoever reads takes for what came. */
  let waited = 0;
  let asked = clock.now().getTime();
  try {
    for await (const chunk of reply) {
      received += chunk.length;
      waited += (clock.now().getTime() - asked) / 1000;
      if (waited > patienceSeconds && received < waited * slowest) {
        throw new UpstreamError('unreachable', `${url.host} sent ${received} bytes in ${Math.round(waited)} s.`);
      }
      if (received > size)
        throw new UpstreamError('malformed', `${url.host} sent more than the ${size} bytes it said.`);
      yield chunk;
      asked = clock.now().getTime();
    }
  } catch (thrown) {
    throw asUpstreamError(url, thrown);
  }
  if (received < size) {
    throw new UpstreamError('unreachable', `${url.host} ended after ${received} of ${size} bytes.`);
  }
}
