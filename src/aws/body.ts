// The body of a request without the compression that clients put around large ones.
import { gunzipSync } from 'node:zlib';
import { AwsError } from '#kernel/error.ts';
import type { WireRequest } from './wire.ts';

/** More than the largest request that a compressing service takes; it bounds what a small body can unfold to. */
const maximumBytes = 16 * 1024 * 1024;

const plain = new WeakMap<WireRequest, Buffer>();

/**
 * The body, gunzipped where `Content-Encoding: gzip` says so (Smithy's requestCompression; signatures are over the
 * compressed bytes). Not for S3, whose objects keep their encoding. Throws SerializationException where it is no gzip.
 */
export function plainBody(request: WireRequest): Buffer {
  if (request.headers['content-encoding']?.trim().toLowerCase() !== 'gzip') return request.body;
  const known = plain.get(request);
  if (known !== undefined) return known;
  try {
    const body = gunzipSync(request.body, { maxOutputLength: maximumBytes });
    plain.set(request, body);
    return body;
  } catch (cause) {
    throw new AwsError('SerializationException', 'The request body could not be decompressed', { cause });
  }
}
