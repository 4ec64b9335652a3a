// What ecr stores, under which keys, and who writes it. Bytes (layers, manifests) are in the blob store, not here.
import { scopedKey, type Scope } from '#kernel/arn.ts';
import type { Kind, Resource } from '#kernel/store.ts';

export type TagMutability = 'MUTABLE' | 'IMMUTABLE' | 'MUTABLE_WITH_EXCLUSION' | 'IMMUTABLE_WITH_EXCLUSION';

/** Written by the repository operations. */
export interface RepositorySpec extends Scope {
  readonly repositoryName: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly imageTagMutability: TagMutability;
  /** Wildcard filters (`*`) of tags that are exempt from it. */
  readonly exclusionFilters: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** A manifest in a repository. Written by the registry on push; immutable. */
export interface ImageSpec {
  readonly repositoryKey: string;
  readonly digest: string;
  /** Of the manifest itself. */
  readonly mediaType: string;
  /** The configuration's media type, or the artifact's own type. */
  readonly artifactMediaType?: string;
  /** As the manifest states it (OCI image spec 1.1); referrers are filtered by it. */
  readonly artifactType?: string;
  /** The manifest's length in bytes. */
  readonly manifestSize: number;
  /** Configuration and layers in bytes; of an index, its largest image's. */
  readonly imageSizeInBytes: number;
  /** Digests of the blobs and manifests that must stay as long as this one does. */
  readonly references: readonly string[];
  /** The digest of the manifest that this one is about (OCI image spec 1.1, `subject`). */
  readonly subject?: string;
  /** Of a manifest with a subject; empty otherwise. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly pushedAt: number;
}

/** A name for an image. Written by the registry on push. */
export interface TagSpec {
  readonly tag: string;
  readonly digest: string;
  readonly imageKey: string;
}

/** A blob that a repository holds; without this record the bytes are not visible there. Written by the registry. */
export interface LayerSpec {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly uploadedAt: number;
}

export type Repository = Resource<RepositorySpec, null>;
export type Image = Resource<ImageSpec, null>;

export const repositoryKind: Kind<RepositorySpec, null> = { name: 'ecr/repository', version: 1 };

export const imageKind: Kind<ImageSpec, null> = {
  name: 'ecr/image',
  version: 1,
  indexes: {
    /** By repository and digest of what the image needs: who needs this blob or manifest? */
    reference: ({ spec }) => spec.references.map((digest) => digestKey(spec.repositoryKey, digest)),
    /** By repository and digest of the subject: what is said about this image? */
    subject: ({ spec }) => (spec.subject === undefined ? undefined : digestKey(spec.repositoryKey, spec.subject)),
  },
};

export const tagKind: Kind<TagSpec, null> = {
  name: 'ecr/tag',
  version: 1,
  indexes: { image: ({ spec }) => spec.imageKey },
};

export const layerKind: Kind<LayerSpec, null> = { name: 'ecr/layer', version: 1 };

export function repositoryKey(scope: Scope, repositoryName: string): string {
  return scopedKey(scope, repositoryName);
}

/** The key of an image or a layer. Names contain neither `@` nor `:`, so no repository's keys begin with another's. */
export function digestKey(repository: string, digest: string): string {
  return `${repository}@${digest}`;
}

export function tagKey(repository: string, tag: string): string {
  return `${repository}:${tag}`;
}

/** The blob store's namespace of a registry. */
export function blobNamespace(scope: Scope): string {
  return `${scope.account}.${scope.region}`;
}

/** Every kind that ecr stores. */
export const ecrKinds = [repositoryKind, imageKind, tagKind, layerKind] as const;
