// The API's operations that upload a layer part by part.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_InitiateLayerUpload.html and its siblings
import type { Authorizer, Operations } from '#aws/service.ts';
import { BlobError, type Upload } from '#drivers/blobs.ts';
import type { Store } from '#kernel/store.ts';
import { mayCreateFor } from '#services/ecr/access.ts';
import type { Contents } from '#services/ecr/contents.ts';
import { invalidParameter, outOfRange } from '#services/ecr/errors.ts';
import { isDigest, type RepositoryName } from '#services/ecr/names.ts';
import { addressed, addressedArn } from '#services/ecr/registry-scope.ts';
import { emptyUpload, invalidLayer, invalidLayerPart, layerAlreadyExists, uploadNotFound } from './errors.ts';
import type { LayerUploads } from './layer-uploads.ts';

/** "The maximum size of each image layer part can be 20971520 bytes (or about 20MB)." */
const largestPart = 20_971_520;
/** What AWS asks for. */
const partSize = 10_485_760;
const digestPattern = '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+';

interface Parts {
  readonly store: Store;
  readonly authorizer: Authorizer;
  readonly layerUploads: LayerUploads;
  readonly contents: Contents;
}

export function layerUploadOperations(parts: Parts): Operations<'ecr'> {
  const { layerUploads } = parts;
  return {
    InitiateLayerUpload: {
      accepts: true,
      resource: addressedArn,
      async perform(input, context) {
        const name = addressed(input, context);
        const { id } = await layerUploads.begin(name, mayCreateFor(parts, name, context));
        return { uploadId: id, partSize };
      },
    },
    UploadLayerPart: {
      accepts: true,
      resource: addressedArn,
      async perform(input, context) {
        const name = addressed(input, context);
        const { partFirstByte: first, partLastByte: last, layerPartBlob: content = new Uint8Array() } = input;
        const upload = await uploadIn(layerUploads, name, input.uploadId);
        if (content.byteLength > largestPart) {
          throw outOfRange('layerPartBlob', 'length', `less than or equal to ${largestPart}`);
        }
        const { size } = await append(layerUploads, name, upload, { first, last, content });
        return { ...placeOf(name), uploadId: upload.id, lastByteReceived: size - 1 };
      },
    },
    CompleteLayerUpload: {
      accepts: true,
      resource: addressedArn,
      async perform(input, context) {
        const name = addressed(input, context);
        const digests = digestsOf(input.layerDigests);
        const upload = await uploadIn(layerUploads, name, input.uploadId);
        const layerDigest = await complete(parts, name, upload, digests);
        return { ...placeOf(name), uploadId: upload.id, layerDigest };
      },
    },
  };
}

interface Piece {
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly content: Uint8Array;
}

async function append(
  layerUploads: LayerUploads,
  name: RepositoryName,
  upload: Upload,
  { first, last, content }: Piece,
): Promise<Upload> {
  if (first === undefined || last === undefined || content.length === 0 || last - first + 1 !== content.length) {
    const reason = `The layer part size is not valid: ${content.length} bytes were sent as the bytes ${first} to ${last}`;
    throw invalidLayerPart(reason, upload, name);
  }
  try {
    return await layerUploads.append(name, { id: upload.id, offset: first, content: once(content) });
  } catch (thrown) {
    if (!(thrown instanceof BlobError)) throw thrown;
    const present = await uploadIn(layerUploads, name, upload.id);
    if (thrown.reason !== 'range') throw thrown;
    const reason = `The first byte specified, ${first}, is not consecutive to the last byte of a previous layer part upload`;
    throw invalidLayerPart(reason, present, name);
  }
}

/** Gives the layer's digest. The list is for clients that know a layer by several; one of them must be one that we can compute. */
async function complete(
  { layerUploads, contents }: Parts,
  name: RepositoryName,
  upload: Upload,
  digests: readonly string[],
): Promise<string> {
  const [digest, ...others] = digests.filter((each) => isDigest(each));
  if (digest === undefined || others.length > 0) throw invalidLayer(digests);
  if (upload.size === 0) throw emptyUpload(upload.id);
  if ((await contents.blob(name, digest)) !== undefined) {
    await layerUploads.cancel(name, upload.id);
    throw layerAlreadyExists(digest, name);
  }
  try {
    await layerUploads.complete(name, { id: upload.id, digest });
  } catch (thrown) {
    if (thrown instanceof BlobError && thrown.reason === 'digest') throw invalidLayer(digests);
    if (thrown instanceof BlobError && thrown.reason === 'not-found') throw uploadNotFound(upload.id, name);
    throw thrown;
  }
  return digest;
}

/** Throws UploadNotFoundException. */
async function uploadIn(layerUploads: LayerUploads, name: RepositoryName, id: string | undefined): Promise<Upload> {
  const upload = id === undefined ? undefined : await layerUploads.find(name, id.toLowerCase());
  if (upload === undefined) throw uploadNotFound(id ?? '', name);
  return upload;
}

function digestsOf(digests: readonly string[] = []): string[] {
  if (digests.length === 0) throw outOfRange('layerDigests', 'length', 'greater than or equal to 1');
  if (digests.length > 100) throw outOfRange('layerDigests', 'length', 'less than or equal to 100');
  if (!digests.every((digest) => new RegExp(`^${digestPattern}$`).test(digest))) {
    throw invalidParameter('layerDigests', `must satisfy regular expression '${digestPattern}'`);
  }
  return [...new Set(digests)];
}

function placeOf({ scope, repositoryName }: RepositoryName) {
  return { registryId: scope.account, repositoryName };
}

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
