// The API's operation that puts an image into the archive or takes it back.
import type { Operations } from '#aws/service.ts';
import { invalidParameter } from '#services/ecr/errors.ts';
import { imagesReferencing, repositoryIn, requireNamedImage } from '#services/ecr/image-records.ts';
import { addressed, addressedArn } from '#services/ecr/registry-scope.ts';
import { archivingReferenced } from './errors.ts';
import { archiveImage, isArchived, restoreImage } from './storage-class.ts';

const classes = ['STANDARD', 'ARCHIVE'];

export const storageClassOperations: Operations<'ecr'> = {
  UpdateImageStorageClass: {
    accepts: true,
    resource: addressedArn,
    run(input, tx, context) {
      const { imageId = {}, targetStorageClass = 'STANDARD' } = input;
      const name = addressed(input, context);
      const repository = repositoryIn(tx, name);
      if (!classes.includes(targetStorageClass)) {
        throw invalidParameter('targetStorageClass', `Member must satisfy enum value set: [${classes.join(', ')}]`);
      }
      const { imageTag } = imageId;
      const image = requireNamedImage(tx, repository, imageId);
      if (targetStorageClass === 'ARCHIVE') {
        // "If an image is referenced by a manifest list, it cannot be archived without the manifest list being archived first."
        const lists = imagesReferencing(tx, repository, image.spec.digest).filter((list) => !isArchived(tx, list));
        if (lists.length > 0) throw archivingReferenced(lists.map(({ spec }) => spec.digest));
        archiveImage(tx, image, context.now.getTime());
      } else {
        restoreImage(tx, image, context.now.getTime());
      }
      return {
        registryId: name.scope.account,
        repositoryName: name.repositoryName,
        imageId: { imageDigest: image.spec.digest, ...(imageTag === undefined ? {} : { imageTag }) },
        imageStatus: targetStorageClass === 'ARCHIVE' ? 'ARCHIVED' : 'ACTIVE',
      };
    },
  },
};
