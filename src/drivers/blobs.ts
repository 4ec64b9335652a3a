// The blob store's contract: bytes under the digest of their content, for the registry and later S3.
// Real: blobs-fs/. Fake: blobs-fake.ts. Both pass blobs.suite.ts.

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
 * `digest`: the content has another one; `damaged`: what is kept under a digest no longer has it (it was put aside, and is
 * not found from then on); `invalid-digest`, `invalid-namespace`: not of their form.
 */
export type BlobErrorReason = 'not-found' | 'range' | 'digest' | 'damaged' | 'invalid-digest' | 'invalid-namespace';

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
 * more parts with slashes between them, each of `a-z 0-9 . _ -` with a letter or digit first; `sha256`, `sha512`,
 * `uploads` and `damaged` are no parts. Calls about the same upload wait for each other; so do those that put, link or
 * remove the same blob.
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
  /**
   * Appends what is still to come, if anything is, checks the digest, makes the blob durable and visible, and ends the
   * upload. Throws `digest` and keeps the upload; `range`, `not-found` and what the stream throws as `append` does.
   */
  commit(namespace: string, id: string, digest: Digest, last?: LastPart): Promise<{ readonly size: number }>;
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
  /**
   * The bytes from `start` to `end` (inclusive, cut to the size; all when absent). Throws `not-found` or `range`. A blob
   * that is read whole is checked against its digest before its last bytes are given; throws `damaged`. Where they are
   * `lent`, each chunk is good until the next is asked for, and costs no memory of its own.
   */
  read(
    namespace: string,
    digest: Digest,
    range?: { readonly start: number; readonly end: number },
    lending?: 'lent',
  ): AsyncIterable<Uint8Array>;
  /** Reads a blob whole and says whether it has its digest; undefined where there is none. Changes nothing. */
  verify(namespace: string, digest: Digest): Promise<boolean | undefined>;
  /** Removes a blob; nothing happens where there is none. */
  delete(namespace: string, digest: Digest): Promise<void>;
  /**
   * Removes a blob that was neither committed, put nor linked since `before`, if `unused` says so: asked while nobody can
   * commit, put or link it. Says whether it is gone by this.
   */
  deleteUnused(namespace: string, digest: Digest, before: Date, unused: () => Promise<boolean>): Promise<boolean>;
  /** Every namespace that has had a blob, in no order. */
  namespaces(): AsyncIterable<string>;
  /** The digest of every blob of a namespace, in no order. */
  digests(namespace: string): AsyncIterable<Digest>;
  /** Every blob of a namespace, in no order, with its size and when it was last committed or put. */
  list(namespace: string): AsyncIterable<{ readonly digest: Digest; readonly size: number; readonly modifiedAt: Date }>;
  /** What was found damaged in a namespace and put aside, each digest's last case, in no order. */
  damaged(namespace: string): AsyncIterable<Damage>;
  /** Removes what was put aside under a digest; nothing happens where nothing was. */
  forgetDamage(namespace: string, digest: Digest): Promise<void>;
}

/** The last bytes of an upload, to go to `offset`. */
export interface LastPart {
  readonly offset: number;
  readonly content: AsyncIterable<Uint8Array>;
}

export interface Damage {
  readonly digest: Digest;
  /** Bytes that were found under the digest. */
  readonly size: number;
  readonly foundAt: Date;
}
