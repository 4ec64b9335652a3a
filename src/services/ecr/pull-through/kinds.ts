// What the pull-through cache stores, and who writes it.
import type { Scope } from '#kernel/arn.ts';
import type { Kind } from '#kernel/store.ts';
import { digestKey, namedBytes, tagKey } from '#services/ecr/keys.ts';

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

/** By scope and prefix. */
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
