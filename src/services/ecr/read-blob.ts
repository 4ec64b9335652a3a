// Reads a small blob (a manifest) whole.
import type { Blobs, Digest } from '#drivers/blobs.ts';

/** The blob's bytes. Throws BlobError `not-found`. */
export async function readBlob(blobs: Blobs, namespace: string, digest: Digest): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of blobs.read(namespace, digest)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
