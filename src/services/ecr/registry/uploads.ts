// Blob uploads: in one request, in a session of chunks, resumed, mounted. OCI distribution spec 1.1, "Pushing blobs".
import type { IncomingMessage } from 'node:http';
import { BlobError, type LastPart, type Upload } from '#drivers/blobs.ts';
import { isDigest } from '#services/ecr/names.ts';
import { bodyOf } from './body.ts';
import { RegistryError } from './errors.ts';
import { reply, type Exchange } from './exchange.ts';
import { mount } from './mount.ts';
import { parseContentRange } from './range.ts';
import { mayCreate } from './token.ts';

/** POST: begins a session, takes a whole blob (`?digest=`), or mounts one of another repository (`?mount=&from=`). */
export async function beginUpload(exchange: Exchange): Promise<void> {
  const { parts, response, query, repository } = exchange;
  const mounted = query.get('mount');
  if (mounted !== null && (await mount(exchange, mounted))) return created(exchange, mounted);
  const digest = query.get('digest');
  if (digest !== null) requireDigest(digest);
  const upload = await parts.layerUploads.begin(repository, mayCreate(exchange));
  if (digest === null) return reply(response, 202, progress(exchange, upload));
  try {
    await complete(exchange, upload, digest);
  } catch (thrown) {
    // The client was never told the upload's name: nobody could resume it.
    await parts.layerUploads.cancel(repository, upload.id);
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
  await complete(exchange, await uploadOf(exchange), digest);
  created(exchange, digest);
}

/** DELETE: gives the session up. */
export async function cancelUpload(exchange: Exchange): Promise<void> {
  const upload = await uploadOf(exchange);
  await exchange.parts.layerUploads.cancel(exchange.repository, upload.id);
  reply(exchange.response, 204);
}

/** Appends the request's body. Undefined where the client left before its end: what came is kept, nobody is there to answer. */
async function receive(exchange: Exchange, upload: Upload): Promise<Upload | undefined> {
  const { parts, request, repository } = exchange;
  const part = partOf(exchange, upload);
  if (part === undefined) return upload;
  const appended = await inOrder(exchange, parts.layerUploads.append(repository, { id: upload.id, ...part }));
  return request.complete ? appended : undefined;
}

/** Takes the request's body as the last part. Where the client left before its end, the digest is another: all is kept. */
function complete(exchange: Exchange, upload: Upload, digest: string): Promise<void> {
  const { parts, repository } = exchange;
  const end = { id: upload.id, digest, last: partOf(exchange, upload) };
  return inOrder(exchange, parts.layerUploads.complete(repository, end));
}

/** The request's body and where it goes; undefined where it has none. */
function partOf(exchange: Exchange, upload: Upload): LastPart | undefined {
  const offset = offsetOf(exchange, upload);
  return isEmpty(exchange.request) ? undefined : { offset, content: bodyOf(exchange.request) };
}

/** Another request may have appended meanwhile: the client then learns how far the session is. */
async function inOrder<R>(exchange: Exchange, work: Promise<R>): Promise<R> {
  try {
    return await work;
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

/** The session that the path names. */
async function uploadOf({ parts, repository, subject }: Exchange): Promise<Upload> {
  const upload = await parts.layerUploads.find(repository, subject);
  if (upload === undefined) throw new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
  return upload;
}

function progress({ path }: Exchange, { id, size }: Upload): Record<string, string> {
  return {
    location: `/v2/${path}/blobs/uploads/${id}`,
    'docker-upload-uuid': id,
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
