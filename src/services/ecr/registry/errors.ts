// The registry's errors: the codes of the OCI distribution spec 1.1 ("Error Codes"), and what ecr's own errors are among them.
import { BlobError } from '#drivers/blobs.ts';
import { UpstreamError } from '#drivers/upstream-registry.ts';
import { AwsError } from '#kernel/error.ts';

export type RegistryErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DENIED'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'PAGINATION_NUMBER_INVALID'
  | 'SIZE_INVALID'
  | 'TAG_INVALID'
  | 'TOOMANYREQUESTS'
  | 'UNAUTHORIZED'
  | 'UNAVAILABLE'
  | 'UNKNOWN'
  | 'UNSUPPORTED';

export interface RegistryErrorDetails {
  readonly detail?: unknown;
  /** Headers that the reply also carries. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error as a registry client sees it. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly status: number;
  readonly code: RegistryErrorCode;
  readonly detail: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: RegistryErrorCode, message: string, details: RegistryErrorDetails = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.detail = details.detail;
    this.headers = details.headers ?? {};
  }
}

const ofAws: Readonly<Record<string, readonly [status: number, code: RegistryErrorCode]>> = {
  RepositoryNotFoundException: [404, 'NAME_UNKNOWN'],
  ImageNotFoundException: [404, 'MANIFEST_UNKNOWN'],
  ImageTagAlreadyExistsException: [400, 'TAG_INVALID'],
  ImageDigestDoesNotMatchException: [400, 'DIGEST_INVALID'],
  LayersNotFoundException: [404, 'MANIFEST_BLOB_UNKNOWN'],
  ReferencedImagesNotFoundException: [404, 'MANIFEST_BLOB_UNKNOWN'],
  ImageReferencedByManifestList: [403, 'DENIED'],
  InvalidParameterException: [400, 'MANIFEST_INVALID'],
  AccessDeniedException: [403, 'DENIED'],
};

/** What a client is to read of `thrown`, or undefined where it is a fault of ours. */
export function registryErrorOf(thrown: unknown): RegistryError | undefined {
  if (thrown instanceof RegistryError) return thrown;
  if (thrown instanceof AwsError) {
    const [status, code] = ofAws[thrown.code] ?? [];
    return status === undefined || code === undefined ? undefined : new RegistryError(status, code, thrown.message);
  }
  if (thrown instanceof BlobError) return ofBlob(thrown);
  if (thrown instanceof UpstreamError) return ofUpstream(thrown);
  return undefined;
}

/**
 * A pull through a cache that its upstream did not serve. Never a 5xx: docker shows no words of those, and it is no fault of
 * ours. RFC 4918, section 11.4 (424): "the requested action depended on another action and that action failed".
 */
function ofUpstream({ reason, message }: UpstreamError): RegistryError {
  const text = `The upstream registry did not give the image: ${message}`;
  switch (reason) {
    case 'not-found':
      return new RegistryError(404, 'MANIFEST_UNKNOWN', text);
    case 'unauthorized':
      return new RegistryError(403, 'DENIED', text);
    case 'rate-limited':
      return new RegistryError(429, 'TOOMANYREQUESTS', text);
    case 'unreachable':
    case 'malformed':
      return new RegistryError(424, 'UNAVAILABLE', text);
  }
}

function ofBlob({ reason, message }: BlobError): RegistryError | undefined {
  switch (reason) {
    case 'digest':
    case 'invalid-digest':
      return new RegistryError(400, 'DIGEST_INVALID', message);
    case 'range':
      return new RegistryError(416, 'BLOB_UPLOAD_INVALID', message);
    // An upload that another request ended meanwhile. Missing blobs are told apart where they are read.
    case 'not-found':
      return new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', message);
    // A fault of ours, unless whoever read it knows better what the client should do.
    case 'damaged':
    case 'invalid-namespace':
      return undefined;
  }
}
