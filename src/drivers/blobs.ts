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

/** Why a blob call failed. `not-found`, `range` (offset is not the size), `digest` (the content has another one). */
export type BlobErrorReason = 'not-found' | 'range' | 'digest' | 'invalid-digest';

export class BlobError extends Error {
  override readonly name = 'BlobError';
  readonly reason: BlobErrorReason;

  constructor(reason: BlobErrorReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Blobs live in namespaces (a registry account and region, say); the same bytes may be in several. */
export interface Blobs {
  /** Begins an upload; its id is unguessable. */
  begin(namespace: string): Promise<Upload>;
  /** The upload, or undefined where there is none (never begun, committed, cancelled). */
  upload(namespace: string, id: string): Promise<Upload | undefined>;
  /** Appends a stream at `offset`; throws `range` where that is not the upload's size. Gives the new size, kept on disk. */
  append(namespace: string, id: string, offset: number, content: AsyncIterable<Uint8Array>): Promise<Upload>;
  /** Checks the digest, makes the blob durable and visible, and ends the upload. Throws `digest` and keeps the upload. */
  commit(namespace: string, id: string, digest: Digest): Promise<{ readonly size: number }>;
  /** Forgets an upload; nothing happens where there is none. */
  cancel(namespace: string, id: string): Promise<void>;
  /** Stores small content at once (a manifest); durable when it resolves. */
  put(namespace: string, content: Uint8Array, algorithm?: 'sha256' | 'sha512'): Promise<Digest>;
  /** Size in bytes, or undefined where there is no such blob. */
  size(namespace: string, digest: Digest): Promise<number | undefined>;
  /** The bytes from `start` to `end` (inclusive; all when absent). Throws `not-found`. */
  read(
    namespace: string,
    digest: Digest,
    range?: { readonly start: number; readonly end: number },
  ): AsyncIterable<Uint8Array>;
  /** Removes a blob; nothing happens where there is none. */
  delete(namespace: string, digest: Digest): Promise<void>;
  /** Every blob of a namespace, with its size. */
  list(namespace: string): AsyncIterable<{ readonly digest: Digest; readonly size: number; readonly modifiedAt: Date }>;
}
