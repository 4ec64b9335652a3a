// Blob uploads: in one request, in a session of chunks, resumed, mounted. OCI distribution spec 1.1, "Pushing blobs".
import type { IncomingMessage } from 'node:http';
import { BlobError, type Upload } from '#drivers/blobs.ts';
import { repositoryIn } from '#services/ecr/image-records.ts';
import { blobNamespace, digestKey, layerKind, repositoryKey } from '#services/ecr/kinds.ts';
import { isDigest, repositoryAt } from '#services/ecr/names.ts';
import { bodyOf } from './body.ts';
import { RegistryError, registryErrorOf } from './errors.ts';
import { readDurably, reply, type Exchange } from './exchange.ts';
import { parseContentRange } from './range.ts';
import { authorize } from './token.ts';

const purpose = 'ecr/upload';

/** POST: begins a session, takes a whole blob (`?digest=`), or mounts one of another repository (`?mount=&from=`). */
export async function beginUpload(exchange: Exchange): Promise<void> {
  const { parts, response, query, repository } = exchange;
  await readDurably(parts.store, (reader) => repositoryIn(reader, repository));
  const mounted = query.get('mount');
  if (mounted !== null && (await mount(exchange, mounted))) return created(exchange, mounted);
  const digest = query.get('digest');
  if (digest !== null) requireDigest(digest);
  const upload = await parts.blobs.begin(blobNamespace(repository.scope));
  if (digest === null) return reply(response, 202, progress(exchange, upload));
  try {
    if (!(await receive(exchange, upload))) return await cancel(exchange, upload.id);
    await commit(exchange, upload.id, digest);
  } catch (thrown) {
    // The client was never told the upload's name: nobody could resume it.
    await cancel(exchange, upload.id);
    throw thrown;
  }
  created(exchange, digest);
}

/** GET: how far the session is. */
export async function uploadStatus(exchange: Exchange): Promise<void> {
  reply(exchange.response, 204, progress(exchange, await uploadOf(exchange)));
}

/** PATCH: a chunk, or all of the rest as a stream. What arrived is kept when the client breaks off. */
export async function continueUpload(exchange: Exchange): Promise<void> {
  const received = await receive(exchange, await uploadOf(exchange));
  if (received) reply(exchange.response, 202, progress(exchange, received));
}

/** PUT: the last chunk, where there still is one, and the digest that the whole must have. */
export async function completeUpload(exchange: Exchange): Promise<void> {
  const digest = exchange.query.get('digest') ?? '';
  requireDigest(digest);
  const upload = await uploadOf(exchange);
  if (!(await receive(exchange, upload))) return;
  await commit(exchange, upload.id, digest);
  created(exchange, digest);
}

/** DELETE: gives the session up. */
export async function cancelUpload(exchange: Exchange): Promise<void> {
  const upload = await uploadOf(exchange);
  await cancel(exchange, upload.id);
  reply(exchange.response, 204);
}

async function mount(exchange: Exchange, digest: string): Promise<boolean> {
  const { parts, request, caller, query, repository } = exchange;
  const from = repositoryAt(request.headers.host, query.get('from') ?? exchange.path, parts.address.home);
  // Another region's blobs are other bytes on disk: the client uploads instead.
  if (!isDigest(digest) || blobNamespace(from.scope) !== blobNamespace(repository.scope)) return false;
  try {
    authorize(parts, caller, 'ecr:GetDownloadUrlForLayer', from);
  } catch (thrown) {
    // "If a registry does not support cross-repository mounting or is unable to mount the requested blob, it SHOULD
    // return a 202": also so that the reply does not tell what is in a repository that the caller may not read.
    if (registryErrorOf(thrown)?.code === 'DENIED') return false;
    throw thrown;
  }
  return parts.store.write((tx) => {
    const source = tx.get(layerKind, digestKey(repositoryKey(from.scope, from.repositoryName), digest));
    if (source === undefined) return false;
    const key = digestKey(repositoryIn(tx, repository).key, digest);
    if (tx.get(layerKind, key) === undefined) {
      const spec = { digest, size: source.spec.size, uploadedAt: parts.clock.now().getTime() };
      tx.put(layerKind, key, { spec, status: null });
    }
    return true;
  });
}

/** Appends the request's body. Undefined where the client left before its end: what came is kept, nobody is there to answer. */
async function receive(exchange: Exchange, upload: Upload): Promise<Upload | undefined> {
  const { parts, request, repository } = exchange;
  const offset = offsetOf(exchange, upload);
  if (isEmpty(request)) return upload;
  try {
    const namespace = blobNamespace(repository.scope);
    const appended = await parts.blobs.append(namespace, upload.id, offset, bodyOf(request));
    return request.complete ? appended : undefined;
  } catch (thrown) {
    if (!(thrown instanceof BlobError) || thrown.reason !== 'range') throw thrown;
    throw outOfOrder(exchange, await uploadOf(exchange));
  }
}

/** RFC 9112, section 6.3: without either header a request has no body. */
function isEmpty({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0';
}

function offsetOf(exchange: Exchange, upload: Upload): number {
  const { 'content-range': header, 'content-length': length } = exchange.request.headers;
  if (header === undefined) return upload.size;
  const range = parseContentRange(header);
  if (range === undefined || (length !== undefined && Number(length) !== range.end - range.start + 1)) {
    throw new RegistryError(400, 'SIZE_INVALID', 'Content-Range and Content-Length do not describe one chunk.');
  }
  if (range.start !== upload.size) throw outOfOrder(exchange, upload);
  return range.start;
}

async function commit({ parts, repository: name }: Exchange, id: string, digest: string): Promise<void> {
  const { size } = await parts.blobs.commit(blobNamespace(name.scope), id, digest);
  await parts.store.write((tx) => {
    const spec = { digest, size, uploadedAt: parts.clock.now().getTime() };
    tx.put(layerKind, digestKey(repositoryIn(tx, name).key, digest), { spec, status: null });
  });
}

async function cancel({ parts, repository }: Exchange, id: string): Promise<void> {
  await parts.blobs.cancel(blobNamespace(repository.scope), id);
}

/** The session that the path names. Its id is sealed to the repository: no other repository's callers can touch it. */
async function uploadOf({ parts, repository, subject }: Exchange): Promise<Upload> {
  await readDurably(parts.store, (reader) => repositoryIn(reader, repository));
  const dot = subject.lastIndexOf('.');
  const id = subject.slice(0, Math.max(dot, 0));
  const sealed = `${repositoryKey(repository.scope, repository.repositoryName)} ${id}`;
  const genuine = parts.seals.verify(purpose, sealed, subject.slice(dot + 1));
  const upload = genuine ? await parts.blobs.upload(blobNamespace(repository.scope), id) : undefined;
  if (upload === undefined) throw new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
  return upload;
}

function progress({ parts, repository, path }: Exchange, { id, size }: Upload): Record<string, string> {
  const sealed = `${repositoryKey(repository.scope, repository.repositoryName)} ${id}`;
  const name = `${id}.${parts.seals.seal(purpose, sealed)}`;
  return {
    location: `/v2/${path}/blobs/uploads/${name}`,
    'docker-upload-uuid': name,
    // Inclusive; an empty upload has always been written as 0-0.
    range: `0-${Math.max(size - 1, 0)}`,
  };
}

function outOfOrder(exchange: Exchange, upload: Upload): RegistryError {
  const headers = progress(exchange, upload);
  return new RegistryError(416, 'BLOB_UPLOAD_INVALID', `The next chunk begins at byte ${upload.size}.`, { headers });
}

function created({ response, path }: Exchange, digest: string): void {
  reply(response, 201, { location: `/v2/${path}/blobs/${digest}`, 'docker-content-digest': digest });
}

function requireDigest(digest: string): void {
  if (!isDigest(digest))
    throw new RegistryError(400, 'DIGEST_INVALID', 'The digest is malformed.', { detail: { digest } });
}
