// Blobs of a repository: GET (whole or a range), HEAD, DELETE. OCI distribution spec 1.1, "Pulling blobs", "Deleting Blobs".
import { pipeline } from 'node:stream/promises';
import { RegistryError } from './errors.ts';
import { readDurably, reply, type Exchange } from './exchange.ts';
import { imagesReferencing, repositoryIn } from '#services/ecr/image-records.ts';
import { blobNamespace, digestKey, layerKind } from '#services/ecr/kinds.ts';
import { isDigest } from '#services/ecr/names.ts';
import { parseRange } from './range.ts';

/** Streams the blob, at the client's pace. */
export async function getBlob(exchange: Exchange): Promise<void> {
  const { parts, request, response, subject: digest } = exchange;
  const size = await sizeOf(exchange);
  const namespace = blobNamespace(exchange.repository.scope);
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
  await pipeline(parts.blobs.read(namespace, digest, range), response);
}

export async function headBlob(exchange: Exchange): Promise<void> {
  const size = await sizeOf(exchange);
  reply(exchange.response, 200, { ...headersOf(exchange.subject), 'content-length': String(size) });
}

/** Takes a blob out of a repository. What an image needs stays: a manifest must never lose its layers. */
export async function deleteBlob({ parts, response, repository: name, subject: digest }: Exchange): Promise<void> {
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

async function sizeOf({ parts, repository: name, subject: digest }: Exchange): Promise<number> {
  if (!isDigest(digest))
    throw new RegistryError(400, 'DIGEST_INVALID', 'The digest is malformed.', { detail: { digest } });
  const layer = await readDurably(parts.store, (reader) => {
    const repository = repositoryIn(reader, name);
    return reader.get(layerKind, digestKey(repository.key, digest));
  });
  if (layer === undefined) throw blobUnknown(digest);
  const namespace = blobNamespace(name.scope);
  // Where bytes were lost, a client that pushes learns that it has to send them again.
  if ((await parts.blobs.size(namespace, digest)) !== layer.spec.size) {
    parts.log.error('a blob that a repository holds is not whole in the blob store', { namespace, digest });
    throw blobUnknown(digest);
  }
  return layer.spec.size;
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
