// What lifecycle policies and storage classes store, and who writes it.
import type { Kind, Resource } from '#kernel/store.ts';

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

export type LifecyclePolicy = Resource<LifecyclePolicySpec, LifecyclePolicyStatus>;

/** By the repository's key. */
export const lifecyclePolicyKind: Kind<LifecyclePolicySpec, LifecyclePolicyStatus> = {
  name: 'ecr/lifecycle-policy',
  version: 1,
};
export const lifecyclePreviewKind: Kind<LifecyclePreviewSpec, LifecyclePreviewStatus> = {
  name: 'ecr/lifecycle-preview',
  version: 1,
};
/** By the image's key. */
export const imageStorageKind: Kind<ImageStorageSpec, null> = { name: 'ecr/image-storage', version: 1 };
