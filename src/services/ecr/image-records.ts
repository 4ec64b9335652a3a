// Images, tags and layers as the store knows them: the rules that keep a repository consistent, for the API and the registry alike.
import type { Reader, Tx } from '#kernel/store.ts';
import {
  imageNotFound,
  imageReferencedByManifestList,
  imageTagAlreadyExists,
  layersNotFound,
  referencedImagesNotFound,
  repositoryNotFound,
} from './errors.ts';
import { digestKey, repositoryKey, tagKey } from './keys.ts';
import {
  type Image,
  imageKind,
  layerKind,
  type Repository,
  repositoryKind,
  repositoryPolicyKind,
  tagKind,
} from './kinds.ts';
import { imageStorageKind, lifecyclePolicyKind, lifecyclePreviewKind } from '#services/ecr/lifecycle/kinds.ts';
import { arrivalKind, upstreamCheckKind } from '#services/ecr/pull-through/kinds.ts';
import { imagePullKind } from '#services/ecr/pulls/kinds.ts';
import { replicationKind } from '#services/ecr/replication/kinds.ts';
import { scanKind } from '#services/ecr/scanning/kinds.ts';
import { restoreImage } from './lifecycle/storage-class.ts';
import type { Manifest } from './manifest.ts';
import type { RepositoryName } from './names.ts';
import { askForReplications } from './replication/replications.ts';
import { scanOnPush } from './scanning/plan-scan.ts';
import { isTagImmutable } from './tag-mutability.ts';

/** Digest, tag or both, as the API names an image. */
export interface ImageId {
  readonly imageDigest?: string;
  readonly imageTag?: string;
}

/** A manifest that was pushed, its bytes already durable in the blob store. */
export interface PushedManifest {
  readonly content: Manifest;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly tag: string | undefined;
  /** An index whose images need not be here: see `ImageSpec`. */
  readonly partial?: boolean;
  /** Milliseconds since the epoch. */
  readonly pushedAt: number;
}

/** The repository. Throws RepositoryNotFoundException. */
export function repositoryIn(reader: Reader, { scope, repositoryName }: RepositoryName): Repository {
  const repository = reader.get(repositoryKind, repositoryKey(scope, repositoryName));
  if (repository === undefined) throw repositoryNotFound(repositoryName, scope.account);
  return repository;
}

/** Every image of a repository, ordered by digest. */
export function imagesOf(reader: Reader, repository: Repository): Image[] {
  return reader.list(imageKind, digestKey(repository.key, ''));
}

/** The tags of an image, in order. */
export function tagsOf(reader: Reader, image: Image): string[] {
  return reader.by(tagKind, 'image', image.key).map(({ spec }) => spec.tag);
}

/** The image that a digest, or else a tag, names now. */
export function findImage(reader: Reader, repository: { readonly key: string }, id: ImageId): Image | undefined {
  const digest = id.imageDigest ?? tagDigest(reader, repository, id.imageTag);
  return digest === undefined ? undefined : reader.get(imageKind, digestKey(repository.key, digest));
}

/** The same. Throws ImageNotFoundException where there is none. */
export function requireImage(reader: Reader, repository: Repository, id: ImageId): Image {
  const image = findImage(reader, repository, id);
  if (image === undefined) throw missing(repository, id);
  return image;
}

/** The same. Throws ImageNotFoundException also where the digest's image has not the tag. */
export function requireNamedImage(reader: Reader, repository: Repository, id: ImageId): Image {
  const image = requireImage(reader, repository, id);
  if (id.imageTag !== undefined && !tagsOf(reader, image).includes(id.imageTag)) throw missing(repository, id);
  return image;
}

function tagDigest(reader: Reader, repository: { readonly key: string }, tag: string | undefined): string | undefined {
  return tag === undefined ? undefined : reader.get(tagKind, tagKey(repository.key, tag))?.spec.digest;
}

/** The images (indexes among them) that need a blob or manifest of the repository. */
export function imagesReferencing(reader: Reader, repository: Repository, digest: string): Image[] {
  return reader.by(imageKind, 'reference', digestKey(repository.key, digest));
}

/**
 * Adds a manifest and moves the tag to it. What is there already stays as it is, also under an immutable tag. Wherever the
 * registry's rules say so, the image is to be replicated.
 * Throws RepositoryNotFoundException, LayersNotFoundException, ReferencedImagesNotFoundException, ImageTagAlreadyExistsException.
 */
export function putImage(tx: Tx, name: RepositoryName, pushed: PushedManifest): void {
  const repository = repositoryIn(tx, name);
  const { content, digest, tag } = pushed;
  const imageKey = digestKey(repository.key, digest);
  const tagged = tag === undefined ? undefined : tx.get(tagKind, tagKey(repository.key, tag));
  if (tag !== undefined && tagged !== undefined && tagged.spec.digest !== digest) {
    if (isTagImmutable(repository.spec, tag)) throw imageTagAlreadyExists(tag, name.repositoryName);
  }
  if (tx.get(imageKind, imageKey) === undefined) {
    const spec = {
      repositoryKey: repository.key,
      digest,
      mediaType: content.mediaType,
      ...(content.artifactMediaType === undefined ? {} : { artifactMediaType: content.artifactMediaType }),
      ...(content.artifactType === undefined ? {} : { artifactType: content.artifactType }),
      manifestSize: pushed.size,
      imageSizeInBytes: sizeOfContent(tx, repository, pushed),
      references: [...new Set([...content.blobs, ...content.manifests])],
      ...(content.subject === undefined ? {} : { subject: content.subject }),
      // Only a referrer's are ever asked for; the others may be megabytes in a manifest, where they stay.
      annotations: content.subject === undefined ? {} : content.annotations,
      ...(pushed.partial === true && content.manifests.length > 0 ? { partial: true as const } : {}),
      pushedAt: pushed.pushedAt,
    };
    const image = tx.put(imageKind, imageKey, { spec, status: null });
    scanOnPush(tx, repository, image, new Date(pushed.pushedAt));
  } else {
    // "The image can be restored as an active image [...] by re-pushing the image to the repository."
    restoreImage(tx, { key: imageKey }, pushed.pushedAt);
  }
  if (tag !== undefined && tagged?.spec.digest !== digest) {
    tx.put(tagKind, tagKey(repository.key, tag), { spec: { tag, digest, imageKey }, status: null });
  }
  // Whoever puts a tag owns it; a pull-through cache notes that it did after this.
  if (tag !== undefined) tx.delete(upstreamCheckKind, tagKey(repository.key, tag));
  askForReplications(tx, repository.spec, imageKey, tag);
}

/** Layers and configuration added up; of an index its largest image ("the max size of all manifests in the list"). */
function sizeOfContent(tx: Tx, repository: Repository, { content, partial }: PushedManifest): number {
  const { scope, repositoryName } = nameOf(repository);
  const layers = content.blobs.map((digest) => tx.get(layerKind, digestKey(repository.key, digest)));
  const missingLayers = content.blobs.filter((_, at) => layers[at] === undefined);
  if (missingLayers.length > 0) throw layersNotFound(missingLayers, repositoryName, scope.account);
  const images = content.manifests.map((digest) => tx.get(imageKind, digestKey(repository.key, digest)));
  const missingImages = content.manifests.filter((_, at) => images[at] === undefined);
  if (missingImages.length > 0 && partial !== true)
    throw referencedImagesNotFound(missingImages, repositoryName, scope.account);
  const own = layers.reduce((sum, layer) => sum + layer!.spec.size, 0);
  return images.reduce((largest, image) => Math.max(largest, image?.spec.imageSizeInBytes ?? 0), own);
}

/** Takes a tag away; its image stays. Throws ImageNotFoundException. */
export function deleteTag(tx: Tx, repository: Repository, tag: string): void {
  const key = tagKey(repository.key, tag);
  if (tx.get(tagKind, key) === undefined) throw missing(repository, { imageTag: tag });
  deleteTagRecord(tx, key);
}

function deleteTagRecord(tx: Tx, key: string): void {
  tx.delete(upstreamCheckKind, key);
  tx.delete(tagKind, key);
}

/** Takes an image and its tags away. Throws ImageNotFoundException, and ImageReferencedByManifestList where an index needs it. */
export function deleteImage(tx: Tx, repository: Repository, digest: string): void {
  const image = requireImage(tx, repository, { imageDigest: digest });
  const indexes = imagesReferencing(tx, repository, digest);
  if (indexes.length > 0) throw imageReferencedByManifestList(indexes.map(({ spec }) => spec.digest));
  for (const tag of tx.by(tagKind, 'image', image.key)) deleteTagRecord(tx, tag.key);
  deleteImageRecord(tx, image);
}

/** Takes an image away and what was noted about it. */
function deleteImageRecord(tx: Tx, image: Image): void {
  tx.delete(imagePullKind, image.key);
  tx.delete(imageStorageKind, image.key);
  tx.delete(scanKind, image.key);
  for (const copy of tx.by(replicationKind, 'image', image.key)) tx.delete(replicationKind, copy.key);
  tx.delete(imageKind, image.key);
}

/** Takes everything of a repository away, itself included. */
export function deleteRepositoryRecords(tx: Tx, repository: Repository): void {
  for (const tag of tx.list(tagKind, tagKey(repository.key, ''))) deleteTagRecord(tx, tag.key);
  for (const image of imagesOf(tx, repository)) deleteImageRecord(tx, image);
  for (const arrival of tx.list(arrivalKind, digestKey(repository.key, ''))) tx.delete(arrivalKind, arrival.key);
  for (const layer of tx.list(layerKind, digestKey(repository.key, ''))) tx.delete(layerKind, layer.key);
  tx.delete(repositoryPolicyKind, repository.key);
  tx.delete(lifecyclePolicyKind, repository.key);
  tx.delete(lifecyclePreviewKind, repository.key);
  tx.delete(repositoryKind, repository.key);
}

export function nameOf({ spec }: Repository): RepositoryName {
  return { scope: { account: spec.account, region: spec.region }, repositoryName: spec.repositoryName };
}

function missing({ spec }: Repository, id: ImageId) {
  return imageNotFound(id, spec.repositoryName, spec.account);
}
