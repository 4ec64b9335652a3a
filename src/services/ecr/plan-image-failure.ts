// Says why a batch operation cannot do its work on an image: AWS's failure codes and reasons. Reads only.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageFailure.html
import type { Reader } from '#kernel/store.ts';
import { imageReferencedByManifestListReason } from './errors.ts';
import { findImage, imagesReferencing, tagsOf, type ImageId } from './image-records.ts';
import type { Repository } from './kinds.ts';
import { isArchived } from './lifecycle/storage-class.ts';
import { isDigest, isTag } from './names.ts';

export interface ImageFailure {
  imageId: ImageId;
  failureCode:
    | 'InvalidImageDigest'
    | 'InvalidImageTag'
    | 'ImageTagDoesNotMatchDigest'
    | 'ImageNotFound'
    | 'MissingDigestAndTag'
    | 'ImageReferencedByManifestList';
  failureReason: string;
}

/** The failure that an id meets, or undefined where the work can be done. */
export function planImageFailure(
  reader: Reader,
  repository: Repository,
  imageId: ImageId,
  work: 'get' | 'delete',
): ImageFailure | undefined {
  const fail = (failureCode: ImageFailure['failureCode'], failureReason: string) => ({
    imageId,
    failureCode,
    failureReason,
  });
  const { imageDigest: digest, imageTag: tag } = imageId;
  if (digest === undefined && tag === undefined) {
    return fail('MissingDigestAndTag', 'Invalid request parameters: both tag and digest cannot be null');
  }
  if (digest !== undefined && !isDigest(digest)) {
    return fail(
      'InvalidImageDigest',
      "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
    );
  }
  if (tag !== undefined && !isTag(tag)) {
    return fail(
      'InvalidImageTag',
      "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9._-]*'",
    );
  }
  const image = findImage(reader, repository, imageId);
  if (image === undefined) return fail('ImageNotFound', 'Requested image not found');
  const tags = tagsOf(reader, image);
  if (digest !== undefined && tag !== undefined && !tags.includes(tag)) {
    return fail('ImageTagDoesNotMatchDigest', 'Requested tag does not match the digest');
  }
  if (work === 'get' && isArchived(reader, image)) {
    return fail('ImageNotFound', 'Requested image not found: it is archived');
  }
  const wholeImage = tag === undefined || tags.length <= 1;
  const indexes = imagesReferencing(reader, repository, image.spec.digest).map(({ spec }) => spec.digest);
  if (work === 'delete' && wholeImage && indexes.length > 0) {
    return fail('ImageReferencedByManifestList', imageReferencedByManifestListReason(indexes));
  }
  return undefined;
}
