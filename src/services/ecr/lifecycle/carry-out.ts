// Does to images what a lifecycle policy has decided, a bounded number at a time.
import type { Tx } from '#kernel/store.ts';
import { deleteImage, findImage, imagesReferencing, tagsOf } from '#services/ecr/image-records.ts';
import type { Repository } from '#services/ecr/kinds.ts';
import type { LifecycleVerdict } from './evaluate-lifecycle.ts';
import { archiveImage, storageOf } from './storage-class.ts';

/** How many images were acted on. */
export interface CarriedOut {
  readonly expired: number;
  readonly archived: number;
}

/**
 * Deletes (as BatchDeleteImage would) and archives in the order given. What was tagged, archived, restored or listed
 * by an image since it was judged is left to the next evaluation. `now`: milliseconds since the epoch.
 */
export function carryOut(
  tx: Tx,
  repository: Repository,
  verdicts: readonly LifecycleVerdict[],
  now: number,
): CarriedOut {
  let expired = 0;
  let archived = 0;
  for (const verdict of verdicts) {
    const image = findImage(tx, repository, { imageDigest: verdict.image.digest });
    if (image === undefined || !isAsJudged(tx, image, verdict)) continue;
    if (verdict.action === 'TRANSITION') {
      archiveImage(tx, image, now);
      archived += 1;
    } else if (imagesReferencing(tx, repository, image.spec.digest).length === 0) {
      deleteImage(tx, repository, image.spec.digest);
      expired += 1;
    }
  }
  return { expired, archived };
}

function isAsJudged(tx: Tx, image: Parameters<typeof tagsOf>[1], { image: judged }: LifecycleVerdict): boolean {
  const { storageClass, activatedAt } = storageOf(tx, image);
  const isStored = storageClass === judged.storageClass && activatedAt === judged.activatedAt;
  const tags = tagsOf(tx, image);
  return isStored && tags.length === judged.tags.length && tags.every((tag) => judged.tags.includes(tag));
}
