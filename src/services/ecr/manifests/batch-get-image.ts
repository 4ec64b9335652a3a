// The API's operation that gives manifests.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html
import type { Authorizer, Context, Operations, Out, Principal } from '#aws/service.ts';
import type { Blobs } from '#drivers/blobs.ts';
import { UpstreamError } from '#drivers/upstream-registry.ts';
import type { Reader, Store } from '#kernel/store.ts';
import { requireAccess } from '#services/ecr/access.ts';
import type { Contents, FoundManifest } from '#services/ecr/contents.ts';
import { outOfRange } from '#services/ecr/errors.ts';
import { findImage, type ImageId } from '#services/ecr/image-records.ts';
import { repositoryKey } from '#services/ecr/keys.ts';
import { repositoryKind } from '#services/ecr/kinds.ts';
import { checkBatch } from '#services/ecr/limits.ts';
import { isArchived } from '#services/ecr/lifecycle/storage-class.ts';
import type { RepositoryName } from '#services/ecr/names.ts';
import { planImageFailure } from '#services/ecr/plan-image-failure.ts';
import type { PullTimes } from '#services/ecr/pulls/pull-times.ts';
import type { ImportAction, PullThrough } from '#services/ecr/pull-through/cache.ts';
import { cachedContents } from '#services/ecr/pull-through/cached-contents.ts';
import { upstreamFailure } from '#services/ecr/pull-through/errors.ts';
import { addressed, addressedArn } from '#services/ecr/registry-scope.ts';

type Reply = Out<'ecr', 'BatchGetImage'>;
type Given = NonNullable<Reply['images']>[number];
type Failure = NonNullable<Reply['failures']>[number];

interface Parts {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly authorizer: Authorizer;
  readonly contents: Contents;
  readonly pullThrough: PullThrough;
  readonly pullTimes: PullTimes;
}

interface Wish {
  readonly name: RepositoryName;
  /** None: any. */
  readonly mediaTypes: readonly string[];
  readonly principal: Principal;
}

export function batchGetImageOperation(parts: Parts): Operations<'ecr'> {
  return {
    BatchGetImage: {
      accepts: true,
      resource: addressedArn,
      async perform(input, context) {
        const name = addressed(input, context);
        checkBatch('imageIds', input.imageIds);
        const mediaTypes = input.acceptedMediaTypes ?? [];
        if (mediaTypes.length > 100) throw outOfRange('acceptedMediaTypes', 'length', 'less than or equal to 100');
        const own = { ...parts, contents: contentsFor(parts, context) };
        const wish = { name, mediaTypes, principal: context.principal };
        const images: Given[] = [];
        const failures: Failure[] = [];
        for (const id of distinct(input.imageIds)) {
          const got = await getImage(own, wish, id);
          if ('failureCode' in got) failures.push(got);
          else images.push(got);
        }
        return { images, failures };
      },
    },
  };
}

/** An image's manifest, or why it is not to be had. */
async function getImage(parts: Parts, { name, mediaTypes, principal }: Wish, id: ImageId): Promise<Given | Failure> {
  const notFound = { imageId: id, failureCode: 'ImageNotFound' as const, failureReason: 'Requested image not found' };
  const failure = parts.store.read((reader) => failureOf(reader, name, id));
  // An image that is not stored here may still be found: a cache may get it from its upstream.
  if (failure !== undefined && failure.failureCode !== 'ImageNotFound') {
    await parts.store.durable();
    return failure;
  }
  const found = await findManifest(parts, name, id);
  if (found instanceof UpstreamError) return { imageId: id, ...upstreamFailure(found) };
  if (found === undefined || (mediaTypes.length > 0 && !mediaTypes.includes(found.mediaType))) return notFound;
  const manifest = await found.read();
  if (manifest === undefined) return notFound;
  if (found.image !== undefined) parts.pullTimes.note(found.image, principal);
  return {
    registryId: name.scope.account,
    repositoryName: name.repositoryName,
    imageId: { ...id, imageDigest: found.digest },
    imageManifest: manifest.toString('utf8'),
    imageManifestMediaType: found.mediaType,
  };
}

/** The manifest; an upstream that was needed and did not give it is a failure of this image alone. */
async function findManifest(
  { contents }: Parts,
  name: RepositoryName,
  id: ImageId,
): Promise<FoundManifest | UpstreamError | undefined> {
  try {
    return await contents.manifest(name, id);
  } catch (thrown) {
    if (thrown instanceof UpstreamError) return thrown;
    throw thrown;
  }
}

/** What the caller can pull, with what a cache may bring in for it. */
function contentsFor(parts: Parts, context: Context): Contents {
  const { principal } = context;
  return cachedContents(parts, (action: ImportAction, repository) =>
    parts.store.read((reader) =>
      requireAccess(parts.authorizer, reader, { principal, action, repository, circumstances: context }),
    ),
  );
}

function failureOf(reader: Reader, name: RepositoryName, id: ImageId): Failure | undefined {
  const repository = reader.get(repositoryKind, repositoryKey(name.scope, name.repositoryName));
  // A cache may make the repository; whoever is asked next finds that there is none otherwise.
  if (repository === undefined) return undefined;
  const image = findImage(reader, repository, id);
  if (image !== undefined && isArchived(reader, image)) {
    return { imageId: id, failureCode: 'ImageInaccessible', failureReason: 'Requested image is archived' };
  }
  return planImageFailure(reader, repository, id, 'get');
}

function distinct(ids: readonly ImageId[] | undefined): ImageId[] {
  const byText = new Map((ids ?? []).map((id) => [`${id.imageDigest ?? ''} ${id.imageTag ?? ''}`, id]));
  return [...byText.values()];
}
