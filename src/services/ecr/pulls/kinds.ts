// What is noted of pulls, and by whom.
import type { Kind } from '#kernel/store.ts';

/** When an image was last pulled. Written by the registry, not at every pull. */
export interface ImagePullSpec {
  /** Milliseconds since the epoch. */
  readonly pulledAt: number;
}

/** By the image's key. */
export const imagePullKind: Kind<ImagePullSpec, null> = { name: 'ecr/image-pull', version: 1 };
