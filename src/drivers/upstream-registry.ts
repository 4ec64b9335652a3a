// Another OCI registry as a pull-through cache sees it: what is asked of it, and how it may fail.
// Real: upstream-http/. Fake: upstream-registry-fake.ts. Both pass upstream-registry.suite.ts.

/** A repository of another registry. */
export interface UpstreamRepository {
  /** Host and, where it is not the scheme's own, port: `registry-1.docker.io`, `localhost:5000`. */
  readonly registry: string;
  /** `library/busybox` */
  readonly repository: string;
}

export interface UpstreamManifest {
  readonly body: Buffer;
  /** As the registry states it. */
  readonly mediaType: string;
  /** Computed from the body: the one that was asked for, where one was. */
  readonly digest: string;
}

/** A blob on its way. Its bytes are not checked against the digest: whoever keeps them does that (`Blobs.commit`). */
export interface UpstreamBlob {
  /** Bytes. */
  readonly size: number;
  /** To be read to its end or returned from; throws UpstreamError where the bytes end early or late. */
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Why an upstream did not give what was asked. `unauthorized`: also where it hides what it does not have.
 * `unreachable`: no connection, no answer in time, or a fault of its own (5xx). `malformed`: an answer against the
 * distribution spec, one with another digest, or one that leads where it must not.
 */
export type UpstreamErrorReason = 'not-found' | 'unauthorized' | 'rate-limited' | 'unreachable' | 'malformed';

/** The message is a sentence for the one who pulls; it names the registry. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly reason: UpstreamErrorReason;

  constructor(reason: UpstreamErrorReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

/** Every call throws UpstreamError alone; an aborted one too (`unreachable`). */
export interface UpstreamRegistry {
  /** Whether the registry is there and lets anybody in who is let in: resolves where it is. */
  ping(registry: string, signal: AbortSignal): Promise<void>;
  /** A manifest by tag or digest, whole: at most 4 MiB. */
  manifest(from: UpstreamRepository, reference: string, signal: AbortSignal): Promise<UpstreamManifest>;
  /** The digest that a tag (or digest) stands for, without the manifest; undefined where the registry does not tell. */
  digest(from: UpstreamRepository, reference: string, signal: AbortSignal): Promise<string | undefined>;
  /** A blob, at the reader's pace. The signal ends the stream as well. */
  blob(from: UpstreamRepository, digest: string, signal: AbortSignal): Promise<UpstreamBlob>;
}
