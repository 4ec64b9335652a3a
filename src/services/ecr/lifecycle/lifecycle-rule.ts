// What one rule of a lifecycle policy says.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
import type { TagRequirement } from './tag-pattern.ts';

export type CountType = 'imageCountMoreThan' | 'sinceImagePushed' | 'sinceImagePulled' | 'sinceImageTransitioned';

export interface LifecycleRule {
  /** From 1; the lowest is applied first. */
  readonly priority: number;
  readonly tagStatus: 'tagged' | 'untagged' | 'any';
  /** Each must be satisfied by some tag of an image; empty unless `tagStatus` is `tagged`. */
  readonly tags: readonly TagRequirement[];
  /** Only images of this class are selected. */
  readonly storageClass: 'STANDARD' | 'ARCHIVE';
  readonly countType: CountType;
  /** Images that stay, or days. */
  readonly countNumber: number;
  readonly action: 'EXPIRE' | 'TRANSITION';
}
