// What is stored of scans, and who writes it.
import type { Kind } from '#kernel/store.ts';

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

export const scanKind: Kind<ScanSpec, ScanStatus> = {
  name: 'ecr/scan',
  version: 1,
  indexes: {
    /** By digest: whose findings are in this blob? */
    report: ({ status }) => (status.state === 'COMPLETE' ? status.report : undefined),
  },
};
