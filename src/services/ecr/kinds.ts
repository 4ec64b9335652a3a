// What ecr stores, under which keys, and who writes it. Bytes (layers, manifests) are in the blob store, not here.
import { scopedKey, type Scope } from '#kernel/arn.ts';
import type { Kind, Resource } from '#kernel/store.ts';

export type EncryptionType = 'AES256' | 'KMS' | 'KMS_DSSE';

/** How a repository's bytes are said to be encrypted; Berth keeps them as they come (docs/design/registry.md). */
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
export type LifecyclePolicy = Resource<LifecyclePolicySpec, LifecyclePolicyStatus>;

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

/** A prefix whose repositories are another registry's. Written by the rule operations. */
export interface PullThroughRuleSpec {
  readonly prefix: string;
  /** `registry-1.docker.io`, `localhost:5000` */
  readonly upstreamRegistryUrl: string;
  readonly upstreamRegistry?: string;
  /** Absent or `ROOT` where the upstream's names follow the prefix as they are. */
  readonly upstreamPrefix?: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/**
 * When a tag that came through a pull-through cache was last compared with its upstream. Written by the cache; a push to the
 * tag takes it away, for from then on the tag is our own.
 */
export interface UpstreamCheckSpec {
  /** Milliseconds since the epoch. */
  readonly checkedAt: number;
  /** When upstream could last not be asked, where that was since. */
  readonly failedAt?: number;
}

/** A manifest that came from upstream and whose blobs are on their way: it becomes an image once all are here. Written by the cache. */
export interface ArrivalSpec extends Scope {
  readonly repositoryName: string;
  readonly repositoryKey: string;
  readonly digest: string;
  readonly mediaType: string;
  /** As it came: UTF-8, at most 4 MiB. */
  readonly manifest: string;
  /** Tags that it came under. */
  readonly tags: readonly string[];
  readonly upstream: { readonly registry: string; readonly repository: string };
  /** What the image needs: bytes by digest. */
  readonly blobs: Readonly<Record<string, number>>;
  /** Images that an index waits for: those that take the places of what its tag gave so far. */
  readonly images: readonly string[];
  /** Milliseconds since the epoch. */
  readonly arrivedAt: number;
}
/** Written by the arrival reconciler. */
export interface ArrivalStatus {
  /** Why upstream did not give what is missing when it was last asked; absent where it was not asked yet. */
  readonly failure?: string;
}

/** A repository's lifecycle policy. The spec is written by the policy operations, the status by the lifecycle reconciler. */
export interface LifecyclePolicySpec {
  readonly policyText: string;
  /** Milliseconds since the epoch. */
  readonly setAt: number;
}
export interface LifecyclePolicyStatus {
  /** Milliseconds since the epoch; absent before the first time. */
  readonly lastEvaluatedAt?: number;
}

/** A lifecycle policy being tried on a repository. The status is written by the preview reconciler. */
export interface LifecyclePreviewSpec {
  readonly policyText: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}
export type LifecyclePreviewStatus =
  | { readonly state: 'IN_PROGRESS' }
  | { readonly state: 'COMPLETE'; readonly results: readonly LifecycleResult[] };
export interface LifecycleResult {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly storageClass: 'STANDARD' | 'ARCHIVE';
  /** Milliseconds since the epoch. */
  readonly pushedAt: number;
  readonly rulePriority: number;
  readonly action: 'EXPIRE' | 'TRANSITION';
}

/** When an image was last pulled. Written by the registry, not at every pull. */
export interface ImagePullSpec {
  /** Milliseconds since the epoch. */
  readonly pulledAt: number;
}

/**
 * That an image was put away, or taken back. Written by UpdateImageStorageClass, by the lifecycle reconciler, and by the
 * registry where an archived image is pushed again.
 */
export interface ImageStorageSpec {
  readonly storageClass: 'STANDARD' | 'ARCHIVE';
  /** Milliseconds since the epoch. */
  readonly archivedAt?: number;
  readonly activatedAt?: number;
}

/** A copy of an image that another registry is to have. The spec is written where an image or a tag is pushed. */
export interface ReplicationSpec {
  readonly imageKey: string;
  readonly destination: Scope;
  /** How often it was asked for: once for each push of the image or of a tag of it. */
  readonly asked: number;
  /** The tags that go along, as far as they still name the image by then. */
  readonly tags: readonly string[];
}
/** Written by the replication reconciler. */
export interface ReplicationStatus {
  /** The spec's `asked` when it was last dealt with: less than that, it is in progress. */
  readonly handled: number;
  /** Why that failed; absent where the copy is there. */
  readonly failureCode?: string;
  /** Failures in a row. */
  readonly failures?: number;
  /** Milliseconds since the epoch; not before then is it tried again, unless the destination's settings change. */
  readonly retryAt?: number;
  /** The revision of the destination's settings that it failed against. */
  readonly against?: number;
}

/** A run over what was pushed before its rule was put. Written by the backfill operations. */
export interface BackfillSpec extends Scope {
  readonly id: string;
  readonly destination: Scope;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Whether it was asked to stop. */
  readonly stopped: boolean;
}
/** Written by the backfill reconciler. */
export interface BackfillStatus {
  readonly state: 'PREPARING' | 'IN_PROGRESS' | 'COMPLETE' | 'FAILED' | 'STOPPED';
  /** Milliseconds since the epoch. */
  readonly endedAt?: number;
  /** Absent before it is known what there is to copy. */
  readonly progress?: BackfillProgress;
}
export interface BackfillProgress {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly failureCodes: readonly string[];
}

/** What a backfill copies: an image under one of its tags, or without any. Written by the backfill reconciler. */
export interface BackfillItemSpec {
  readonly repositoryName: string;
  readonly imageKey: string;
  readonly digest: string;
  readonly tag?: string;
}
/** Null before its turn. */
export type BackfillItemStatus =
  | { readonly state: 'COMPLETE' }
  | { readonly state: 'FAILED'; readonly failureCode: string }
  | null;

/** A scan of an image that was asked for. The status is written by the scan reconciler. */
export interface ScanSpec {
  readonly imageKey: string;
  /** Milliseconds since the epoch. */
  readonly requestedAt: number;
}
export type ScanStatus =
  | { readonly state: 'PENDING' }
  | { readonly state: 'IN_PROGRESS' }
  | { readonly state: 'FAILED' | 'UNSUPPORTED_IMAGE'; readonly description: string }
  | CompleteScan;
export interface CompleteScan {
  readonly state: 'COMPLETE';
  /** Milliseconds since the epoch. */
  readonly completedAt: number;
  readonly sourceUpdatedAt?: number;
  readonly severityCounts: Readonly<Record<string, number>>;
  /** Digest of the findings, which may be megabytes, as JSON in the registry's blobs. */
  readonly report: string;
}

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
export const pullThroughRuleKind: Kind<PullThroughRuleSpec, null> = { name: 'ecr/pull-through-rule', version: 1 };
/** By the tag's key. */
export const upstreamCheckKind: Kind<UpstreamCheckSpec, null> = { name: 'ecr/upstream-check', version: 1 };
/** By the key of the image to be. */
export const arrivalKind: Kind<ArrivalSpec, ArrivalStatus> = {
  name: 'ecr/arrival',
  version: 1,
  indexes: {
    tag: ({ spec }) => spec.tags.map((tag) => tagKey(spec.repositoryKey, tag)),
    blob: ({ spec }) => Object.keys(spec.blobs).map((digest) => digestKey(spec.repositoryKey, digest)),
    image: ({ spec }) => spec.images.map((digest) => digestKey(spec.repositoryKey, digest)),
    bytes: namedBytes,
  },
};
/** By the repository's key. */
export const repositoryPolicyKind: Kind<PolicySpec, null> = { name: 'ecr/repository-policy', version: 1 };
export const lifecyclePolicyKind: Kind<LifecyclePolicySpec, LifecyclePolicyStatus> = {
  name: 'ecr/lifecycle-policy',
  version: 1,
};
export const lifecyclePreviewKind: Kind<LifecyclePreviewSpec, LifecyclePreviewStatus> = {
  name: 'ecr/lifecycle-preview',
  version: 1,
};
/** By the image's key. */
export const imagePullKind: Kind<ImagePullSpec, null> = { name: 'ecr/image-pull', version: 1 };
export const imageStorageKind: Kind<ImageStorageSpec, null> = { name: 'ecr/image-storage', version: 1 };
export const scanKind: Kind<ScanSpec, ScanStatus> = {
  name: 'ecr/scan',
  version: 1,
  indexes: {
    /** By digest: whose findings are in this blob? */
    report: ({ status }) => (status.state === 'COMPLETE' ? status.report : undefined),
  },
};
/** By the image's key and the destination. */
export const replicationKind: Kind<ReplicationSpec, ReplicationStatus> = {
  name: 'ecr/replication',
  version: 1,
  indexes: {
    image: ({ spec }) => spec.imageKey,
    /** By registry: what could not be copied there? */
    failed: ({ spec, status }) => (status.failureCode === undefined ? undefined : registryKey(spec.destination)),
  },
};

/** By scope and id. */
export const backfillKind: Kind<BackfillSpec, BackfillStatus> = { name: 'ecr/backfill', version: 1 };
/** By the backfill's key and a number of ten digits, in the order of their turns. */
export const backfillItemKind: Kind<BackfillItemSpec, BackfillItemStatus> = { name: 'ecr/backfill-item', version: 1 };

/** The key of a whole registry. */
export function registryKey(scope: Scope): string {
  return scopedKey(scope, '');
}

/** The key of what holds for a prefix of names. */
export function prefixKey(scope: Scope, prefix: string): string {
  return scopedKey(scope, prefix);
}

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

/** The registry of a blob store's namespace; undefined where it is somebody else's. */
export function scopeOfNamespace(namespace: string): Scope | undefined {
  const [, account, region] = /^(\d{12})\.([a-z0-9-]+)$/.exec(namespace) ?? [];
  return account === undefined || region === undefined ? undefined : { account, region };
}

/** By the bytes in the blob store that a record names. A kind that names any is known to storage/named-blobs.ts. */
export function bytesKey(namespace: string, digest: string): string {
  return `${namespace} ${digest}`;
}

/** The index `bytes` of what is kept under a digestKey. */
function namedBytes({ key, spec }: { readonly key: string; readonly spec: { readonly digest: string } }): string {
  const [account = '', region = ''] = key.split('/', 2);
  return bytesKey(blobNamespace({ account, region }), spec.digest);
}

/** Every kind that ecr stores. */
export const ecrKinds = [
  repositoryKind,
  imageKind,
  tagKind,
  layerKind,
  registryKind,
  creationTemplateKind,
  pullThroughRuleKind,
  upstreamCheckKind,
  arrivalKind,
  repositoryPolicyKind,
  lifecyclePolicyKind,
  lifecyclePreviewKind,
  imagePullKind,
  imageStorageKind,
  scanKind,
  replicationKind,
  backfillKind,
  backfillItemKind,
] as const;
