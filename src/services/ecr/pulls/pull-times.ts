// When images were last pulled: noted at most once an hour for each, after the pull was answered.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html (lastRecordedPullTime)
import type { Principal } from '#aws/service.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Reader, Store } from '#kernel/store.ts';
import { type Image, imageKind, repositoryKind } from '#services/ecr/kinds.ts';
import { imagePullKind } from './kinds.ts';
import { registryIn } from '#services/ecr/registry-record.ts';
import { excludes } from './excludes.ts';

/** AWS says "at least once every 24 hours". */
const hourMs = 3_600_000;

export interface PullTimes {
  /**
   * Notes that a principal pulled an image just now, unless its registry excludes the principal. Returns at once; what
   * cannot be noted is logged.
   */
  note(image: Image, principal: Principal): void;
}

export function createPullTimes({ store, clock, log }: { store: Store; clock: Clock; log: Log }): PullTimes {
  return {
    note(image, principal) {
      const now = clock.now().getTime();
      if (!store.read((reader) => isDue(reader, image, now) && !isExcluded(reader, image, principal))) return;
      store
        .write((tx) => {
          // It may be gone by now.
          if (tx.get(imageKind, image.key) === undefined) return;
          tx.put(imagePullKind, image.key, { spec: { pulledAt: now }, status: null });
        })
        .catch((error: unknown) => log.error('the time of a pull was not noted', { image: image.key, error }));
    },
  };
}

function isDue(reader: Reader, image: Image, now: number): boolean {
  const last = reader.get(imagePullKind, image.key)?.spec.pulledAt;
  return last === undefined || now - last >= hourMs;
}

function isExcluded(reader: Reader, { spec }: Image, principal: Principal): boolean {
  const repository = reader.get(repositoryKind, spec.repositoryKey);
  if (repository === undefined) return false;
  return registryIn(reader, repository.spec).pullTimeExclusions.some((arn) => excludes(arn, principal.arn));
}
