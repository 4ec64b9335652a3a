// Blobs of a repository: GET (whole or a range), HEAD, DELETE. OCI distribution spec 1.1, "Pulling blobs", "Deleting Blobs".
import { pipeline } from 'node:stream/promises';
import type { FoundBlob } from '#services/ecr/contents.ts';
import { imagesReferencing, repositoryIn } from '#services/ecr/image-records.ts';
import { digestKey } from '#services/ecr/keys.ts';
import { layerKind } from '#services/ecr/kinds.ts';
import { isDigest } from '#services/ecr/names.ts';
import { RegistryError } from './errors.ts';
import { reply, type Exchange } from './exchange.ts';
import { parseRange } from './range.ts';

/** Streams the blob, at the client's pace. */
export async function getBlob(exchange: Exchange): Promise<void> {
  const { request, response, subject: digest } = exchange;
  const blob = await findBlob(exchange);
  const { size } = blob;
  const range = parseRange(request.headers.range, size);
  if (range === 'unsatisfiable') {
    const headers = { 'content-range': `bytes */${size}` };
    throw new RegistryError(416, 'SIZE_INVALID', 'The requested range is not satisfiable.', { headers });
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  response.writeHead(range === undefined ? 200 : 206, {
    ...headersOf(digest),
    'content-length': String(end - start + 1),
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  await pipeline(blob.read(range), response);
}

export async function headBlob(exchange: Exchange): Promise<void> {
  const { size } = await findBlob(exchange);
  reply(exchange.response, 200, { ...headersOf(exchange.subject), 'content-length': String(size) });
}

/** Takes a blob out of a repository. What an image needs stays: a manifest must never lose its layers. */
export async function deleteBlob({ parts, response, repository: name, subject: digest }: Exchange): Promise<void> {
  requireDigest(digest);
  await parts.store.write((tx) => {
    const repository = repositoryIn(tx, name);
    const key = digestKey(repository.key, digest);
    if (tx.get(layerKind, key) === undefined) throw blobUnknown(digest);
    const images = imagesReferencing(tx, repository, digest);
    if (images.length > 0) {
      const detail = { manifests: images.map(({ spec }) => spec.digest) };
      throw new RegistryError(403, 'DENIED', 'The blob is referenced by a manifest; delete the manifest first.', {
        detail,
      });
    }
    tx.delete(layerKind, key);
  });
  reply(response, 202);
}

/** The blob that the path names, for reading. */
async function findBlob({ parts, repository, subject: digest }: Exchange): Promise<FoundBlob> {
  requireDigest(digest);
  const blob = await parts.contents.blob(repository, digest);
  if (blob === undefined) throw blobUnknown(digest);
  return blob;
}

function requireDigest(digest: string): void {
  if (!isDigest(digest))
    throw new RegistryError(400, 'DIGEST_INVALID', 'The digest is malformed.', { detail: { digest } });
}

function headersOf(digest: string): Record<string, string> {
  return {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    // Content under its digest never changes.
    etag: `"${digest}"`,
    'cache-control': 'max-age=31536000',
  };
}

function blobUnknown(digest: string): RegistryError {
  return new RegistryError(404, 'BLOB_UNKNOWN', 'blob unknown to registry', { detail: { digest } });
}
