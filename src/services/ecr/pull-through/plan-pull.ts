// What a pull needs: what we have, what is on its way, a look at upstream, or all of it from there. Reads only.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
import type { UpstreamRepository } from '#drivers/upstream-registry.ts';
import type { Reader, Resource } from '#kernel/store.ts';
import { findImage, type ImageId } from '#services/ecr/image-records.ts';
import { digestKey, repositoryKey, tagKey } from '#services/ecr/keys.ts';
import { repositoryKind } from '#services/ecr/kinds.ts';
import { arrivalKind, type ArrivalSpec, type ArrivalStatus, upstreamCheckKind } from './kinds.ts';
import { isDigest, isTag, type RepositoryName } from '#services/ecr/names.ts';
import { isTagImmutable } from '#services/ecr/tag-mutability.ts';
import { upstreamOf } from './match-rule.ts';

export type Arrival = Resource<ArrivalSpec, ArrivalStatus>;

export type PullPlan =
  /** Whatever there is here: upstream has no say in it. */
  | { readonly do: 'serve-own' }
  | { readonly do: 'serve-arrival'; readonly arrival: Arrival }
  /** The tag is here; upstream may have moved it. */
  | { readonly do: 'compare'; readonly from: UpstreamRepository; readonly tag: string; readonly digest: string }
  | { readonly do: 'fetch'; readonly from: UpstreamRepository; readonly reference: string };

/** "Amazon ECR checks the upstream registry … at least once every 24 hours." */
export const freshMs = 24 * 3_600_000;
/** How long an upstream that could not be asked about a tag is left alone. */
const pauseMs = 5 * 60_000;
const serveOwn: PullPlan = { do: 'serve-own' };

export function planPull(reader: Reader, name: RepositoryName, id: ImageId, now: Date): PullPlan {
  const repository = { key: repositoryKey(name.scope, name.repositoryName) };
  const image = findImage(reader, repository, id);
  if (id.imageDigest !== undefined) {
    if (image !== undefined || !isDigest(id.imageDigest)) return serveOwn;
    const arrival = reader.get(arrivalKind, digestKey(repository.key, id.imageDigest));
    return arrival === undefined ? fetch(reader, name, id.imageDigest) : { do: 'serve-arrival', arrival };
  }
  const tag = id.imageTag ?? '';
  if (!isTag(tag)) return serveOwn;
  const [arrival] = reader.by(arrivalKind, 'tag', tagKey(repository.key, tag));
  // A newer image that does not come through must not take away the one that is here.
  if (arrival !== undefined && image !== undefined && arrival.status.failure !== undefined) return serveOwn;
  if (arrival !== undefined) return { do: 'serve-arrival', arrival };
  if (image === undefined) return fetch(reader, name, tag);
  if (isFresh(reader, { repository: repository.key, tag, now })) return serveOwn;
  const from = upstreamOf(reader, name);
  return from === undefined ? serveOwn : { do: 'compare', from, tag, digest: image.spec.digest };
}

function fetch(reader: Reader, name: RepositoryName, reference: string): PullPlan {
  const from = upstreamOf(reader, name);
  return from === undefined ? serveOwn : { do: 'fetch', from, reference };
}

/** Whether upstream need not be asked about a tag that is here. One without a check was pushed here: it is our own. */
function isFresh(
  reader: Reader,
  { repository, tag, now }: { readonly repository: string; readonly tag: string; readonly now: Date },
): boolean {
  const check = reader.get(upstreamCheckKind, tagKey(repository, tag))?.spec;
  if (check === undefined) return true;
  const spec = reader.get(repositoryKind, repository)?.spec;
  if (spec === undefined || isTagImmutable(spec, tag)) return true;
  const at = now.getTime();
  return at - check.checkedAt < freshMs || (check.failedAt !== undefined && at - check.failedAt < pauseMs);
}
