// Manifests of a repository, by tag or digest: GET, HEAD, PUT, DELETE. OCI distribution spec 1.1, "Pushing Manifests", "Deleting tags".
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { imageNotFound } from '#services/ecr/errors.ts';
import {
  deleteImage,
  deleteTag,
  findImage,
  putImage,
  repositoryIn,
  type ImageId,
} from '#services/ecr/image-records.ts';
import { blobNamespace } from '#services/ecr/kinds.ts';
import { imageArchived } from '#services/ecr/lifecycle/errors.ts';
import { isArchived } from '#services/ecr/lifecycle/storage-class.ts';
import { readManifest } from '#services/ecr/manifest.ts';
import { isDigest, isTag } from '#services/ecr/names.ts';
import { readBlob } from '#services/ecr/read-blob.ts';
import { bodyOf } from './body.ts';
import { RegistryError } from './errors.ts';
import { readDurably, reply, type Exchange } from './exchange.ts';

/** "maximum length of imageManifest: 4194304", which is also what the distribution spec asks registries to take at least. */
const maximumSize = 4 * 1024 * 1024;

/** GET and HEAD. */
export async function getManifest(exchange: Exchange): Promise<void> {
  const { parts, request, response, repository: name } = exchange;
  const id = imageIdOf(exchange);
  const { spec } = await readDurably(parts.store, (reader) => {
    const image = findImage(reader, repositoryIn(reader, name), id);
    if (image === undefined) throw imageNotFound(id, name.repositoryName, name.scope.account);
    if (isArchived(reader, image)) throw imageArchived(id, name.repositoryName, name.scope.account);
    return image;
  });
  const headers = {
    'content-type': spec.mediaType,
    'content-length': String(spec.manifestSize),
    'docker-content-digest': spec.digest,
    etag: `"${spec.digest}"`,
  };
  if (request.method === 'HEAD') return reply(response, 200, headers);
  const body = await readBlob(parts.blobs, blobNamespace(name.scope), spec.digest);
  response.writeHead(200, headers).end(body);
}

/** PUT: durable, and findable by its digest and tag, once it is answered. */
export async function putManifest(exchange: Exchange): Promise<void> {
  const { parts, request, response, repository: name, path } = exchange;
  const { imageDigest, imageTag } = imageIdOf(exchange);
  await readDurably(parts.store, (reader) => repositoryIn(reader, name));
  const body = await readBody(request);
  if (body === undefined) return;
  const content = readManifest(body, request.headers['content-type']);
  const algorithm = imageDigest?.startsWith('sha512:') ? 'sha512' : 'sha256';
  const digest = `${algorithm}:${createHash(algorithm).update(body).digest('hex')}`;
  if (imageDigest !== undefined && imageDigest !== digest) {
    const detail = { provided: imageDigest, computed: digest };
    throw new RegistryError(400, 'DIGEST_INVALID', 'The manifest has another digest than the one it was put under.', {
      detail,
    });
  }
  await parts.blobs.put(blobNamespace(name.scope), body, algorithm);
  const pushedAt = parts.clock.now().getTime();
  await parts.store.write((tx) => putImage(tx, name, { content, digest, size: body.length, tag: imageTag, pushedAt }));
  reply(response, 201, {
    location: `/v2/${path}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(content.subject === undefined ? {} : { 'oci-subject': content.subject }),
  });
}

/** DELETE: a tag alone, or a manifest with all its tags. */
export async function deleteManifest(exchange: Exchange): Promise<void> {
  const { imageDigest, imageTag } = imageIdOf(exchange);
  await exchange.parts.store.write((tx) => {
    const repository = repositoryIn(tx, exchange.repository);
    if (imageTag !== undefined) deleteTag(tx, repository, imageTag);
    else if (imageDigest !== undefined) deleteImage(tx, repository, imageDigest);
  });
  reply(exchange.response, 202);
}

function imageIdOf({ subject }: Exchange): ImageId {
  if (isDigest(subject)) return { imageDigest: subject };
  if (subject.includes(':')) {
    throw new RegistryError(400, 'DIGEST_INVALID', 'The digest is malformed.', { detail: { digest: subject } });
  }
  if (isTag(subject)) return { imageTag: subject };
  throw new RegistryError(400, 'TAG_INVALID', 'The tag is malformed.', { detail: { tag: subject } });
}

/** The body whole, or undefined where the client left before its end. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyOf(request)) {
    size += chunk.byteLength;
    if (size > maximumSize) {
      throw new RegistryError(413, 'MANIFEST_INVALID', `A manifest has at most ${maximumSize} bytes.`);
    }
    chunks.push(chunk);
  }
  return request.complete ? Buffer.concat(chunks) : undefined;
}
