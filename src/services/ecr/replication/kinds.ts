// What replication stores, and who writes it.
import type { Scope } from '#kernel/arn.ts';
import type { Kind } from '#kernel/store.ts';
import { registryKey } from '#services/ecr/keys.ts';

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
