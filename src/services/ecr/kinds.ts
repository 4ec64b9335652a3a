// What ecr stores of registries, repositories and what is in them, and who writes it: further kinds stand with their features.
// Bytes (layers, manifests) are in the blob store, not here.
import type { Scope } from '#kernel/arn.ts';
import type { Kind, Resource } from '#kernel/store.ts';
import { digestKey, namedBytes } from './keys.ts';

export type EncryptionType = 'AES256' | 'KMS' | 'KMS_DSSE';

/** How a repository's bytes are said to be encrypted; Berth keeps them as they come (docs/design/ecr.md, Settings). */
export interface Encryption {
  readonly encryptionType: EncryptionType;
  readonly kmsKey?: string;
}

export type TagMutability = 'MUTABLE' | 'IMMUTABLE' | 'MUTABLE_WITH_EXCLUSION' | 'IMMUTABLE_WITH_EXCLUSION';

/** Written by the repository operations. */
export interface RepositorySpec extends Scope {
  readonly repositoryName: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly imageTagMutability: TagMutability;
  /** Wildcard filters (`*`) of tags that are exempt from it. */
  readonly exclusionFilters: readonly string[];
  readonly encryption: Encryption;
  readonly scanOnPush: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** A document of IAM's policy language. Written by the policy operations and by creation templates. */
export interface PolicySpec {
  readonly policyText: string;
}

/** What holds for a whole registry (an account in a region). Written by the registry's operations. */
export interface RegistrySpec {
  readonly policyText?: string;
  readonly replicationRules: readonly ReplicationRule[];
  readonly scanType: 'BASIC' | 'ENHANCED';
  readonly scanningRules: readonly ScanningRule[];
  /** PutAccountSetting's, by name. */
  readonly settings: Readonly<Record<string, string>>;
  /** ARNs of principals whose pulls leave no time behind. */
  readonly pullTimeExclusions: readonly string[];
}

/** Images of repositories whose name begins with one of the prefixes (all, where there is none) are copied. */
export interface ReplicationRule {
  readonly destinations: readonly Scope[];
  readonly prefixes: readonly string[];
}

export interface ScanningRule {
  readonly scanFrequency: 'SCAN_ON_PUSH' | 'CONTINUOUS_SCAN' | 'MANUAL';
  /** Wildcard filters of repository names. */
  readonly filters: readonly string[];
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
  /** An index that came through a pull-through cache: its images follow as they are asked for, so they may be missing. */
  readonly partial?: true;
  /** Milliseconds since the epoch. */
  readonly pushedAt: number;
}

/** A name for an image. Written by the registry on push. */
export interface TagSpec {
  readonly tag: string;
  readonly digest: string;
  readonly imageKey: string;
}

/**
 * A blob that a repository holds; without this record the bytes are not visible there. The spec is written by the
 * registry, the status by the collector; the registry takes the status back (null) whenever it tells a client that the
 * layer is here (storage/known-layer.ts).
 */
export interface LayerSpec {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly uploadedAt: number;
}
/** Since when the collector knows that no image needs the layer. */
export type LayerStatus = { readonly unusedSince: number } | null;

export type Repository = Resource<RepositorySpec, null>;
export type Image = Resource<ImageSpec, null>;
export type Layer = Resource<LayerSpec, LayerStatus>;

/** What is said of the repositories under a prefix that come about by themselves. Written by the template operations. */
export interface CreationTemplateSpec {
  /** `ROOT` stands for every name. */
  readonly prefix: string;
  readonly appliedFor: readonly CreationCause[];
  readonly description?: string;
  readonly imageTagMutability: TagMutability;
  readonly exclusionFilters: readonly string[];
  readonly encryption: Encryption;
  readonly tags: Readonly<Record<string, string>>;
  readonly repositoryPolicy?: string;
  readonly lifecyclePolicy?: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What makes a repository come about by itself. */
export type CreationCause = 'CREATE_ON_PUSH' | 'REPLICATION' | 'PULL_THROUGH_CACHE';

export const repositoryKind: Kind<RepositorySpec, null> = {
  name: 'ecr/repository',
  version: 2,
  upgrade: ({ spec, status }, from) => {
    if (from > 1) return { spec: spec as RepositorySpec, status: status as null };
    // Version 1 knew neither encryption nor scanning.
    const { encryption = { encryptionType: 'AES256' }, scanOnPush = false, ...rest } = spec as RepositorySpec;
    return { spec: { ...rest, encryption, scanOnPush }, status: null };
  },
};

export const imageKind: Kind<ImageSpec, null> = {
  name: 'ecr/image',
  version: 1,
  indexes: {
    /** By repository and digest of what the image needs: who needs this blob or manifest? */
    reference: ({ spec }) => spec.references.map((digest) => digestKey(spec.repositoryKey, digest)),
    /** By repository and digest of the subject: what is said about this image? */
    subject: ({ spec }) => (spec.subject === undefined ? undefined : digestKey(spec.repositoryKey, spec.subject)),
    bytes: namedBytes,
  },
};

export const tagKind: Kind<TagSpec, null> = {
  name: 'ecr/tag',
  version: 1,
  indexes: { image: ({ spec }) => spec.imageKey },
};

export const layerKind: Kind<LayerSpec, LayerStatus> = {
  name: 'ecr/layer',
  version: 1,
  indexes: { bytes: namedBytes },
};

/** By scope alone. */
export const registryKind: Kind<RegistrySpec, null> = { name: 'ecr/registry', version: 1 };
/** By scope and prefix. */
export const creationTemplateKind: Kind<CreationTemplateSpec, null> = { name: 'ecr/creation-template', version: 1 };
/** By the repository's key. */
export const repositoryPolicyKind: Kind<PolicySpec, null> = { name: 'ecr/repository-policy', version: 1 };
