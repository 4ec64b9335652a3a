// Manifests of a repository, by tag or digest: GET, HEAD, PUT, DELETE. OCI distribution spec 1.1, "Pushing Manifests", "Deleting tags".
import type { IncomingMessage } from 'node:http';
import type { FoundManifest } from '#services/ecr/contents.ts';
import { deleteImage, deleteTag, repositoryIn, type ImageId } from '#services/ecr/image-records.ts';
import { maximumManifestSize, storeManifest } from '#services/ecr/manifests/store-manifest.ts';
import { isDigest, isTag } from '#services/ecr/names.ts';
import { bodyOf } from './body.ts';
import { RegistryError } from './errors.ts';
import { reply, type Exchange } from './exchange.ts';
import { imageFor, wantsOneImage } from './negotiate.ts';
import { mayCreate } from './token.ts';

/** GET: a pull, which is noted once it is answered, unless the platform itself looks at an image, as scans do. */
export async function getManifest(exchange: Exchange): Promise<void> {
  const { parts, response, caller } = exchange;
  const manifest = await findManifest(exchange);
  const body = await manifest.read();
  if (body === undefined) throw unknown();
  response.writeHead(200, headersOf(manifest)).end(body);
  const isPull = caller.use === 'principal' || !caller.settled;
  if (isPull && manifest.image !== undefined) parts.pullTimes.note(manifest.image, caller.principal);
}

export async function headManifest(exchange: Exchange): Promise<void> {
  reply(exchange.response, 200, headersOf(await findManifest(exchange)));
}

/** PUT: durable, and findable by its digest and tag, once it is answered. */
export async function putManifest(exchange: Exchange): Promise<void> {
  const { parts, request, response, repository, path } = exchange;
  const { imageDigest, imageTag } = imageIdOf(exchange);
  const tags = imageTag === undefined ? tagsOf(exchange) : [imageTag];
  const body = await readBody(request);
  if (body === undefined) return;
  const sent = { body, mediaType: request.headers['content-type'], tags, digest: imageDigest };
  const { digest, content } = await storeManifest(parts, repository, { ...sent, mayCreate: mayCreate(exchange) });
  reply(response, 201, {
    location: `/v2/${path}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(content.subject === undefined ? {} : { 'oci-subject': content.subject }),
    ...(imageDigest === undefined || tags.length === 0 ? {} : { 'oci-tag': tags }),
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

/** The manifest that the path names, for reading; of an index that the client cannot read, the image that it can. */
async function findManifest(exchange: Exchange): Promise<FoundManifest> {
  const { parts, request, repository } = exchange;
  const id = imageIdOf(exchange);
  const found = await parts.contents.manifest(repository, id);
  if (found === undefined) throw unknown();
  const { accept } = request.headers;
  // What is asked for by its digest can only be just that.
  if (id.imageTag === undefined || !wantsOneImage(accept, found.mediaType)) return found;
  const index = await found.read();
  const imageDigest = index && imageFor(accept, index);
  const image = imageDigest === undefined ? undefined : await parts.contents.manifest(repository, { imageDigest });
  return image ?? found;
}

function headersOf({ mediaType, size, digest }: FoundManifest): Record<string, string> {
  return {
    'content-type': mediaType,
    'content-length': String(size),
    'docker-content-digest': digest,
    etag: `"${digest}"`,
    vary: 'accept',
  };
}

/** In the words that ECR has for docker: "manifest unknown: Requested image not found". */
function unknown(): RegistryError {
  return new RegistryError(404, 'MANIFEST_UNKNOWN', 'Requested image not found');
}

/** Throws DIGEST_INVALID, and for what is no tag TAG_INVALID where it is to be one, else MANIFEST_UNKNOWN: none is called so. */
function imageIdOf(exchange: Exchange): ImageId {
  const { request, subject } = exchange;
  if (isDigest(subject)) return { imageDigest: subject };
  if (subject.includes(':')) {
    throw new RegistryError(400, 'DIGEST_INVALID', 'The digest is malformed.', { detail: { digest: subject } });
  }
  if (isTag(subject)) return { imageTag: subject };
  if (request.method !== 'PUT') throw unknown();
  throw new RegistryError(400, 'TAG_INVALID', 'The tag is malformed.', { detail: { tag: subject } });
}

/** The tags that a manifest gets beside its digest: a `tag` of the query each, as the specification has it after 1.1. */
function tagsOf({ query }: Exchange): string[] {
  const tags = [...new Set(query.getAll('tag'))];
  const wrong = tags.find((tag) => !isTag(tag));
  if (wrong === undefined) return tags;
  throw new RegistryError(400, 'TAG_INVALID', 'The tag is malformed.', { detail: { tag: wrong } });
}

/** The body whole, or undefined where the client left before its end. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyOf(request)) {
    size += chunk.byteLength;
    if (size > maximumManifestSize) {
      throw new RegistryError(413, 'MANIFEST_INVALID', `A manifest has at most ${maximumManifestSize} bytes.`);
    }
    chunks.push(chunk);
  }
  return request.complete ? Buffer.concat(chunks) : undefined;
}
