// The API's operations that list and describe the images of a repository, in time that follows the page, not the repository.
import type { Context, In, Operations } from '#aws/service.ts';
import type { Kind, Reader, Resource } from '#kernel/store.ts';
import { describeImage } from './describe-image.ts';
import { narrowedById } from './errors.ts';
import { repositoryIn, type ImageId, requireNamedImage } from './image-records.ts';
import { digestKey, tagKey } from './keys.ts';
import { type Image, imageKind, type Repository, tagKind } from './kinds.ts';
import { isArchived } from './lifecycle/storage-class.ts';
import { checkBatch, checkFilter, pageLimit } from './limits.ts';
import { addressed, addressedArn } from './registry-scope.ts';

type Filter = In<'ecr', 'ListImages'>['filter'];

export const listingOperations: Operations<'ecr'> = {
  ListImages: {
    accepts: true,
    resource: addressedArn,
    read({ filter, nextToken, maxResults, ...input }, reader, context) {
      const repository = repositoryIn(reader, addressed(input, context));
      checkFilter(filter);
      const place = nextToken === undefined ? undefined : context.openToken(nextToken);
      const page = takePage(idsAfter(reader, repository, { filter, place }), pageLimit(maxResults), context);
      return { imageIds: page.items, nextToken: page.nextToken };
    },
  },
  DescribeImages: {
    accepts: true,
    resource: addressedArn,
    read({ imageIds = [], filter, nextToken, maxResults, ...input }, reader, context) {
      const repository = repositoryIn(reader, addressed(input, context));
      const describe = (image: Image) => describeImage(reader, repository, image);
      if (imageIds.length > 0) {
        if (maxResults !== undefined || nextToken !== undefined || filter !== undefined) throw narrowedById();
        checkBatch('imageIds', imageIds);
        const images = imageIds.map((id) => requireNamedImage(reader, repository, id));
        return { imageDetails: [...new Set(images)].map(describe) };
      }
      checkFilter(filter);
      const place = nextToken === undefined ? undefined : context.openToken(nextToken);
      const page = takePage(imagesAfter(reader, repository, { filter, place }), pageLimit(maxResults), context);
      return { imageDetails: page.items.map(describe), nextToken: page.nextToken };
    },
  },
};

/** What is listed, and where in the list it is. */
type Placed<T> = readonly [place: string, item: T];

interface Wanted {
  readonly filter: Filter;
  /** That of the last item before; absent at the beginning. */
  readonly place: string | undefined;
}

function takePage<T>(items: Iterable<Placed<T>>, limit: number, context: Context): { items: T[]; nextToken?: string } {
  const taken: Placed<T>[] = [];
  for (const item of items) {
    const last = taken.at(-1);
    if (taken.length === limit && last !== undefined) {
      return { items: taken.map(([, each]) => each), nextToken: context.sealToken(last[0]) };
    }
    taken.push(item);
  }
  return { items: taken.map(([, each]) => each) };
}

/** Every tag with its digest, then the digests of images that have none; `t` and `u` keep the places of the two apart. */
function* idsAfter(reader: Reader, repository: Repository, { filter, place }: Wanted): Generator<Placed<ImageId>> {
  const { tagStatus = 'ANY' } = filter ?? {};
  const rest = place?.slice(1);
  const isInTags = place === undefined || place.startsWith('t');
  if (isInTags && tagStatus !== 'UNTAGGED') {
    const after = rest === undefined ? undefined : tagKey(repository.key, rest);
    for (const { spec } of following(reader, tagKind, tagKey(repository.key, ''), after)) {
      if (!hasStatus(reader, { key: spec.imageKey }, filter)) continue;
      yield [`t${spec.tag}`, { imageDigest: spec.digest, imageTag: spec.tag }];
    }
  }
  if (tagStatus === 'TAGGED') return;
  const untagged = { filter: { ...filter, tagStatus: 'UNTAGGED' as const }, place: isInTags ? undefined : rest };
  for (const [digest, image] of imagesAfter(reader, repository, untagged)) {
    yield [`u${digest}`, { imageDigest: image.spec.digest }];
  }
}

function* imagesAfter(reader: Reader, repository: Repository, { filter, place }: Wanted): Generator<Placed<Image>> {
  const { tagStatus = 'ANY' } = filter ?? {};
  const after = place === undefined ? undefined : digestKey(repository.key, place);
  for (const image of following(reader, imageKind, digestKey(repository.key, ''), after)) {
    const isTagged = () => reader.by(tagKind, 'image', image.key).length > 0;
    if (tagStatus !== 'ANY' && isTagged() !== (tagStatus === 'TAGGED')) continue;
    if (hasStatus(reader, image, filter)) yield [image.spec.digest, image];
  }
}

/** "If not specified, only images with ACTIVE status are returned." None is ever ACTIVATING: restoring takes no time. */
function hasStatus(reader: Reader, image: Pick<Image, 'key'>, filter: Filter): boolean {
  const { imageStatus = 'ACTIVE' } = filter ?? {};
  if (imageStatus === 'ANY') return true;
  return imageStatus === (isArchived(reader, image) ? 'ARCHIVED' : 'ACTIVE');
}

const readAtOnce = 128;

/** The resources under a prefix that come after a key, read as far as they are looked at. */
function* following<S>(
  reader: Reader,
  kind: Kind<S, null>,
  prefix: string,
  after: string | undefined,
): Generator<Resource<S, null>> {
  let some = reader.list(kind, prefix, { after, limit: readAtOnce });
  while (some.length > 0) {
    yield* some;
    some = reader.list(kind, prefix, { after: some.at(-1)?.key, limit: readAtOnce });
  }
}
