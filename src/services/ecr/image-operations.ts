// The API's operation that deletes images of a repository.
import type { Operations, Out } from '#aws/service.ts';
import type { Tx } from '#kernel/store.ts';
import { deleteImage, deleteTag, repositoryIn, tagsOf, type ImageId, requireImage } from './image-records.ts';
import type { Repository } from './kinds.ts';
import { checkBatch } from './limits.ts';
import { addressed, addressedArn } from './registry-scope.ts';
import { planImageFailure } from './plan-image-failure.ts';

type Failure = NonNullable<Out<'ecr', 'BatchDeleteImage'>['failures']>[number];

export const imageOperations: Operations<'ecr'> = {
  BatchDeleteImage: {
    accepts: true,
    resource: addressedArn,
    run(input, tx, context) {
      const repository = repositoryIn(tx, addressed(input, context));
      checkBatch('imageIds', input.imageIds);
      const imageIds: ImageId[] = [];
      const failures: Failure[] = [];
      for (const id of distinct(input.imageIds)) {
        const failure = planImageFailure(tx, repository, id, 'delete');
        if (failure === undefined) imageIds.push(...deleteById(tx, repository, id));
        else failures.push(failure);
      }
      return { imageIds: imageIds.map((id) => ({ ...id })), failures };
    },
  },
};

/** Deletes what an id names: a tag (the image with its last one), or an image with all its tags. Gives what is gone. */
function deleteById(tx: Tx, repository: Repository, id: ImageId): ImageId[] {
  const image = requireImage(tx, repository, id);
  const { digest } = image.spec;
  const tags = tagsOf(tx, image);
  if (id.imageTag !== undefined && tags.length > 1) {
    deleteTag(tx, repository, id.imageTag);
    return [{ imageDigest: digest, imageTag: id.imageTag }];
  }
  deleteImage(tx, repository, digest);
  return tags.length === 0 ? [{ imageDigest: digest }] : tags.map((imageTag) => ({ imageDigest: digest, imageTag }));
}

function distinct(ids: readonly ImageId[] | undefined): ImageId[] {
  const byText = new Map((ids ?? []).map((id) => [`${id.imageDigest ?? ''} ${id.imageTag ?? ''}`, id]));
  return [...byText.values()];
}
