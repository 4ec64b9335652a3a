// One blob on its way from upstream to disk, and to everyone who waits for it meanwhile: fetched once for all of them.
import { BlobError, type Blobs } from '#drivers/blobs.ts';
import { UpstreamError, type UpstreamRegistry, type UpstreamRepository } from '#drivers/upstream-registry.ts';

export interface BlobFetchParts {
  readonly upstream: UpstreamRegistry;
  readonly blobs: Blobs;
  readonly namespace: string;
  readonly from: UpstreamRepository;
  readonly digest: string;
  /** Bytes, as the manifest says. */
  readonly size: number;
  /** Notes that the blob is there; it already is durable in the blob store. */
  readonly keep: () => Promise<void>;
}

/** Bytes that are held for a reader slower than the disk, which then waits and reads on from there. */
const mostHeld = 1024 * 1024;

export class BlobFetch {
  /** Settles with upstream's answer: from then on bytes come. Rejects with an UpstreamError, as `kept` then does. */
  readonly opened: Promise<void>;
  /** Resolves once the blob is durable, checked and noted. */
  readonly kept: Promise<void>;
  readonly #parts: BlobFetchParts;
  readonly #followers = new Set<Follower>();
  readonly #opening = Promise.withResolvers<void>();
  #received = 0;
  #settled = false;

  constructor(parts: BlobFetchParts) {
    this.#parts = parts;
    this.opened = this.#opening.promise;
    this.kept = this.#run();
    // Each of both is waited for by whoever wants it, which may be nobody.
    this.opened.catch(() => {});
    this.kept.catch(() => {});
  }

  /**
   * The blob's bytes. Whoever comes before the first byte follows the stream as it arrives, others (and whoever is too
   * slow) read from disk once it is there. Ends only when the digest was found right; throws UpstreamError otherwise.
   */
  read(): AsyncIterable<Uint8Array> {
    const follower = this.#received === 0 && !this.#settled ? new Follower() : undefined;
    if (follower !== undefined) this.#followers.add(follower);
    return this.#follow(follower);
  }

  async *#follow(follower: Follower | undefined): AsyncGenerator<Uint8Array> {
    const { blobs, namespace, digest, size } = this.#parts;
    let offset = 0;
    try {
      for (;;) {
        const chunk = await follower?.next();
        if (chunk === undefined) break;
        offset += chunk.length;
        yield chunk;
      }
    } finally {
      if (follower !== undefined) this.#followers.delete(follower);
    }
    await this.kept;
    if (offset >= size) return;
    yield* blobs.read(namespace, digest, offset === 0 ? undefined : { start: offset, end: size - 1 });
  }

  async #run(): Promise<void> {
    const { upstream, blobs, namespace, from, digest, size, keep } = this.#parts;
    const over = new AbortController();
    let last: Uint8Array | undefined;
    try {
      const blob = await upstream.blob(from, digest, over.signal);
      if (blob.size !== size) {
        throw malformed(from, `${digest} with ${blob.size} bytes where the manifest says ${size}`);
      }
      this.#opening.resolve();
      const { id } = await blobs.begin(namespace);
      const content = this.#offered(blob.content, (chunk) => (last = chunk));
      try {
        await blobs.append(namespace, id, 0, content);
        await blobs.commit(namespace, id, digest);
      } catch (thrown) {
        await blobs.cancel(namespace, id);
        throw thrown;
      }
      await keep();
      if (last !== undefined) this.#offer(last);
    } catch (thrown) {
      // Whatever was asked of upstream ends with it.
      over.abort();
      const wrong = thrown instanceof BlobError && thrown.reason === 'digest';
      const error = wrong ? malformed(from, `other bytes than those of ${digest}`) : thrown;
      this.#opening.reject(error);
      throw error;
    } finally {
      this.#settled = true;
      for (const follower of this.#followers) follower.end();
    }
  }

  /** Offers each chunk when the next one is there: the last one only once the whole was found right. */
  async *#offered(content: AsyncIterable<Uint8Array>, hold: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
    let held: Uint8Array | undefined;
    for await (const chunk of content) {
      if (held !== undefined) this.#offer(held);
      held = chunk;
      hold(chunk);
      yield chunk;
    }
  }

  #offer(chunk: Uint8Array): void {
    this.#received += chunk.length;
    for (const follower of this.#followers) follower.push(chunk);
  }
}

/** What one reader has not taken yet. */
class Follower {
  readonly #chunks: Uint8Array[] = [];
  #held = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  push(chunk: Uint8Array): void {
    if (this.#ended) return;
    if (this.#held + chunk.length > mostHeld) return this.end();
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    this.#wake?.();
  }

  /** Nothing more will come this way; what came is still given. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async next(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0) {
      if (this.#ended) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    const chunk = this.#chunks.shift()!;
    this.#held -= chunk.length;
    return chunk;
  }
}

function malformed({ registry }: UpstreamRepository, what: string): UpstreamError {
  return new UpstreamError('malformed', `${registry} sent ${what}.`);
}
