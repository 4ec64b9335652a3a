// The blob store's contract: bytes under the digest of their content, for the registry and later S3.
// Real: blobs-fs.ts. Fake: blobs-fake.ts. Both pass blobs.suite.ts.

/** `sha256:<64 hex>` or `sha512:<128 hex>`. */
export type Digest = string;

/** An upload under way: append-only, resumable after a restart, invisible until it is committed. */
export interface Upload {
  readonly id: string;
  /** Bytes received so far. */
  readonly size: number;
}

/**
 * Why a blob call failed. `not-found`; `range`: an append whose offset is not the size, a read that begins past the end;
 * `digest`: the content has another one; `invalid-digest`, `invalid-namespace`: not of their form.
 */
export type BlobErrorReason = 'not-found' | 'range' | 'digest' | 'invalid-digest' | 'invalid-namespace';

export class BlobError extends Error {
  override readonly name = 'BlobError';
  readonly reason: BlobErrorReason;

  constructor(reason: BlobErrorReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Blobs live in namespaces (a registry account and region, say); the same bytes may be in several. A namespace is one or
 * more parts with slashes between them, each of `a-z 0-9 . _ -` with a letter or digit first; `sha256`, `sha512` and
 * `uploads` are no parts. Calls about the same upload wait for each other.
 */
export interface Blobs {
  /** Begins an upload; its id is unguessable. */
  begin(namespace: string): Promise<Upload>;
  /** The upload, or undefined where there is none (never begun, committed, cancelled). */
  upload(namespace: string, id: string): Promise<Upload | undefined>;
  /**
   * Appends a stream at `offset`; throws `range` where that is not the upload's size, `not-found` where there is none.
   * Gives the new size, kept on disk. Where the stream throws, so does this, and what came before it is kept.
   */
  append(namespace: string, id: string, offset: number, content: AsyncIterable<Uint8Array>): Promise<Upload>;
  /** Checks the digest, makes the blob durable and visible, and ends the upload. Throws `digest` and keeps the upload. */
  commit(namespace: string, id: string, digest: Digest): Promise<{ readonly size: number }>;
  /** Forgets an upload; nothing happens where there is none. */
  cancel(namespace: string, id: string): Promise<void>;
  /** Forgets every upload, of any namespace, that nothing was appended to since `before`; gives how many. */
  expire(before: Date): Promise<number>;
  /** Stores small content at once (a manifest); durable when it resolves. */
  put(namespace: string, content: Uint8Array, algorithm?: 'sha256' | 'sha512'): Promise<Digest>;
  /**
   * Makes a blob of one namespace visible in another without copying it; durable, and new there by its time, when it
   * resolves. False where `from` has no such blob.
   */
  link(from: string, digest: Digest, to: string): Promise<boolean>;
  /** Size in bytes, or undefined where there is no such blob. */
  size(namespace: string, digest: Digest): Promise<number | undefined>;
  /** The bytes from `start` to `end` (inclusive, cut to the size; all when absent). Throws `not-found` or `range`. */
  read(
    namespace: string,
    digest: Digest,
    range?: { readonly start: number; readonly end: number },
  ): AsyncIterable<Uint8Array>;
  /** Removes a blob; nothing happens where there is none. */
  delete(namespace: string, digest: Digest): Promise<void>;
  /** Every blob of a namespace, in no order, with its size and when it was last committed or put. */
  list(namespace: string): AsyncIterable<{ readonly digest: Digest; readonly size: number; readonly modifiedAt: Date }>;
}
