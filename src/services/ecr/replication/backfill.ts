// How a backfill goes on: what it has to copy, and what comes after an image is copied or not. Pure.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication-backfill.html
import { scopedKey } from '#kernel/arn.ts';
import type { Reader } from '#kernel/store.ts';
import { imagesOf, tagsOf } from '#services/ecr/image-records.ts';
import { repositoryKind } from '#services/ecr/kinds.ts';
import type { BackfillItemSpec, BackfillSpec, BackfillStatus } from './kinds.ts';
import { registryIn } from '#services/ecr/registry-record.ts';
import { destinationsFor, sameScope } from './replication-rules.ts';

/** Before that many were tried, no share of failures ends it. */
const fewestTried = 100;

export function isOver({ state }: BackfillStatus): boolean {
  return state === 'COMPLETE' || state === 'FAILED' || state === 'STOPPED';
}

/** "Each image and tag combination is counted as a single replication", by the rules as they are now. */
export function planBackfill(reader: Reader, backfill: BackfillSpec): BackfillItemSpec[] {
  const { replicationRules } = registryIn(reader, backfill);
  const repositories = reader
    .list(repositoryKind, scopedKey(backfill, ''))
    .filter(({ spec }) =>
      destinationsFor(replicationRules, spec.repositoryName).some((each) => sameScope(each, backfill.destination)),
    );
  return repositories.flatMap((repository) =>
    imagesOf(reader, repository).flatMap((image) => {
      const { repositoryName } = repository.spec;
      const item = { repositoryName, imageKey: image.key, digest: image.spec.digest };
      const tags = tagsOf(reader, image);
      return tags.length === 0 ? [item] : tags.map((tag) => ({ ...item, tag }));
    }),
  );
}

/** The status once the next item was copied, or could not be. */
export function afterItem(before: BackfillStatus, failure: string | undefined, now: Date): BackfillStatus {
  const { total = 0, completed = 0, failed = 0, failureCodes = [] } = before.progress ?? {};
  const progress =
    failure === undefined
      ? { total, completed: completed + 1, failed, failureCodes }
      : { total, completed, failed: failed + 1, failureCodes: [...new Set([...failureCodes, failure])] };
  const tried = progress.completed + progress.failed;
  const ended = { endedAt: now.getTime(), progress };
  if (tried >= fewestTried && progress.failed * 2 >= tried) return { state: 'FAILED', ...ended };
  return tried >= total ? { state: 'COMPLETE', ...ended } : { state: 'IN_PROGRESS', progress };
}
