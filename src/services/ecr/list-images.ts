// The API's operations that list and describe the images of a repository, in time that follows the page, not the repository.
import type { In, Operations } from '#aws/service.ts';
import type { Reader } from '#kernel/store.ts';
import { describeImage } from './describe-image.ts';
import { imageNotFound, narrowedById } from './errors.ts';
import { findImage, imagesOf, repositoryIn, tagsOf, type ImageId } from './image-records.ts';
import { digestKey, imageStorageKind, tagKey, tagKind, type Image, type Repository } from './kinds.ts';
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
      const ids = idsOf(reader, repository, filter);
      // Tags in their order, then the images that have none: `t` is before `u`.
      const placeOf = (id: ImageId) => (id.imageTag === undefined ? `u${id.imageDigest}` : `t${id.imageTag}`);
      const page = context.page(ids, placeOf, { token: nextToken, limit: pageLimit(maxResults) });
      return { imageIds: page.items.map((id) => ({ ...id })), nextToken: page.nextToken };
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
        const images = imageIds.map((id) => namedImage(reader, repository, id));
        return { imageDetails: [...new Set(images)].map(describe) };
      }
      checkFilter(filter);
      const images = wantedImages(reader, repository, filter);
      const page = context.page(images, ({ key }) => key, { token: nextToken, limit: pageLimit(maxResults) });
      return { imageDetails: page.items.map(describe), nextToken: page.nextToken };
    },
  },
};

/** Every tag with its digest, and the digests of images that have none. */
function idsOf(reader: Reader, repository: Repository, filter: Filter): ImageId[] {
  const isWanted = statusFilter(reader, repository, filter);
  const tags = filter?.tagStatus === 'UNTAGGED' ? [] : reader.list(tagKind, tagKey(repository.key, ''));
  const untagged =
    filter?.tagStatus === 'TAGGED' ? [] : wantedImages(reader, repository, { ...filter, tagStatus: 'UNTAGGED' });
  return [
    ...tags
      .filter(({ spec }) => isWanted(spec.imageKey))
      .map(({ spec }) => ({ imageDigest: spec.digest, imageTag: spec.tag })),
    ...untagged.map(({ spec }) => ({ imageDigest: spec.digest })),
  ];
}

/** Ordered by key. */
function wantedImages(reader: Reader, repository: Repository, filter: Filter): Image[] {
  const isWanted = statusFilter(reader, repository, filter);
  const images = imagesOf(reader, repository).filter(({ key }) => isWanted(key));
  const { tagStatus = 'ANY' } = filter ?? {};
  if (tagStatus === 'ANY') return images;
  const tagged = new Set(reader.list(tagKind, tagKey(repository.key, '')).map(({ spec }) => spec.imageKey));
  return images.filter(({ key }) => tagged.has(key) === (tagStatus === 'TAGGED'));
}

/** "If not specified, only images with ACTIVE status are returned." No image is ever ACTIVATING: restoring takes no time. */
function statusFilter(reader: Reader, repository: Repository, filter: Filter): (imageKey: string) => boolean {
  const { imageStatus = 'ACTIVE' } = filter ?? {};
  if (imageStatus === 'ANY') return () => true;
  if (imageStatus === 'ACTIVATING') return () => false;
  const noted = reader.list(imageStorageKind, digestKey(repository.key, ''));
  const archived = new Set(noted.filter(({ spec }) => spec.storageClass === 'ARCHIVE').map(({ key }) => key));
  return (imageKey) => archived.has(imageKey) === (imageStatus === 'ARCHIVED');
}

/** Throws ImageNotFoundException, also where the digest's image has not the tag. */
function namedImage(reader: Reader, repository: Repository, id: ImageId): Image {
  const image = findImage(reader, repository, id);
  if (image !== undefined && (id.imageTag === undefined || tagsOf(reader, image).includes(id.imageTag))) return image;
  throw imageNotFound(id, repository.spec.repositoryName, repository.spec.account);
}
