// The API's operations on batches of images of a repository.
import type { Operations, Out } from '#aws/service.ts';
import type { Blobs } from '#drivers/blobs.ts';
import type { Reader, Store, Tx } from '#kernel/store.ts';
import { imageNotFound } from './errors.ts';
import { deleteImage, deleteTag, findImage, repositoryIn, tagsOf, type ImageId } from './image-records.ts';
import { blobNamespace, type Image, type Repository } from './kinds.ts';
import { checkBatch } from './limits.ts';
import { readBlob } from './read-blob.ts';
import { addressed, addressedArn } from './registry-scope.ts';
import { planImageFailure } from './plan-image-failure.ts';

type Failure = NonNullable<Out<'ecr', 'BatchGetImage'>['failures']>[number];

export function imageOperations({ store, blobs }: { readonly store: Store; readonly blobs: Blobs }): Operations<'ecr'> {
  return {
    BatchGetImage: {
      accepts: true,
      resource: addressedArn,
      async perform(input, context) {
        const name = addressed(input, context);
        checkBatch('imageIds', input.imageIds);
        const found = store.read((reader) => {
          const repository = repositoryIn(reader, name);
          return distinct(input.imageIds).map((id) => findOrFail(reader, repository, id));
        });
        await store.durable();
        const images = [];
        for (const each of found.flatMap(({ found: one }) => one ?? [])) {
          const manifest = await readBlob(blobs, blobNamespace(name.scope), each.image.spec.digest);
          images.push({
            registryId: name.scope.account,
            repositoryName: name.repositoryName,
            imageId: { ...each.id, imageDigest: each.image.spec.digest },
            imageManifest: manifest.toString('utf8'),
            imageManifestMediaType: each.image.spec.mediaType,
          });
        }
        return { images, failures: found.flatMap(({ failure }) => failure ?? []) };
      },
    },
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
}

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

interface Outcome {
  readonly failure?: Failure;
  readonly found?: { readonly id: ImageId; readonly image: Image };
}

function findOrFail(reader: Reader, repository: Repository, id: ImageId): Outcome {
  const failure = planImageFailure(reader, repository, id, 'get');
  return failure ? { failure } : { found: { id, image: requireImage(reader, repository, id) } };
}

function requireImage(reader: Reader, repository: Repository, id: ImageId): Image {
  const image = findImage(reader, repository, id);
  if (image === undefined) throw imageNotFound(id, repository.spec.repositoryName, repository.spec.account);
  return image;
}

function distinct(ids: readonly ImageId[] | undefined): ImageId[] {
  const byText = new Map((ids ?? []).map((id) => [`${id.imageDigest ?? ''} ${id.imageTag ?? ''}`, id]));
  return [...byText.values()];
}
