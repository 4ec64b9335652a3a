// Copies an image into another registry: first its bytes, then, in one transaction, all that makes it visible there.
// Each step may be repeated: after a crash it begins anew and finds done what was done.
import type { Blobs } from '#drivers/blobs.ts';
import type { Scope } from '#kernel/arn.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Reader, Store, Tx } from '#kernel/store.ts';
import { ensureRepository } from '#services/ecr/create-repository.ts';
import { blobNamespace, digestKey, repositoryKey, tagKey } from '#services/ecr/keys.ts';
import {
  imageKind,
  layerKind,
  type Repository,
  repositoryKind,
  type RepositorySpec,
  tagKind,
} from '#services/ecr/kinds.ts';
import { upstreamCheckKind } from '#services/ecr/pull-through/kinds.ts';
import { restoreImage } from '#services/ecr/lifecycle/storage-class.ts';
import type { RepositoryName } from '#services/ecr/names.ts';
import { scanOnPush } from '#services/ecr/scanning/plan-scan.ts';
import { bytesGraceMs } from '#services/ecr/storage/plan-collection.ts';
import { isTagImmutable } from '#services/ecr/tag-mutability.ts';
import { planCopy, type CopyPlan } from './plan-copy.ts';

export interface CopyParts {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  /** Whether a registry lets another one put images into one of its repositories, and make it where it is missing. */
  readonly allows: (reader: Reader, from: Scope, to: RepositoryName) => boolean;
}

/** `AccessDeniedException`: the destination's registry policy does not let it in. `LayersNotFoundException`: the source's bytes
 * are lost. `ReferencedImagesNotFoundException`: an index from a pull-through cache of whose images not all were pulled yet.
 * `ImageTagAlreadyExistsException`: the image is there, but not under a tag that is immutable there.
 * `ImageNotFoundException`: it was deleted. `ServerException`: something else, which the log has. */
export type CopyFailure =
  | 'AccessDeniedException'
  | 'LayersNotFoundException'
  | 'ReferencedImagesNotFoundException'
  | 'ImageTagAlreadyExistsException'
  | 'ImageNotFoundException'
  | 'ServerException';

export interface CopyOrder {
  readonly imageKey: string;
  readonly destination: Scope;
  /** Asked in the transaction that makes the copy visible: the tags that go along, undefined where it is not wanted any more. */
  tags(tx: Tx): readonly string[] | undefined;
  /** Called in the transaction that settles the order: with that of the copy, or with what failed. */
  settle(tx: Tx, failure: CopyFailure | undefined): void;
}

/** Rejects, once that is settled, with what the blob store threw. */
export async function copyImage(parts: CopyParts, order: CopyOrder): Promise<void> {
  const { store } = parts;
  const seen = store.read((reader) => {
    const plan = planCopy(reader, order.imageKey);
    return plan === undefined ? undefined : { plan, source: sourceOf(reader, plan) };
  });
  if (seen === undefined) return store.write((tx) => order.settle(tx, 'ImageNotFoundException'));
  const { plan, source } = seen;
  const allowed = (reader: Reader) => isAllowed(parts, reader, source, order.destination);
  if (!store.read(allowed)) return store.write((tx) => order.settle(tx, 'AccessDeniedException'));
  if (!plan.complete) return store.write((tx) => order.settle(tx, 'ReferencedImagesNotFoundException'));
  try {
    if (!(await bringBytes(parts, plan, source, order.destination))) {
      return await store.write((tx) => order.settle(tx, 'LayersNotFoundException'));
    }
  } catch (thrown) {
    await store.write((tx) => order.settle(tx, 'ServerException'));
    throw thrown;
  }
  await store.write((tx) => {
    const tags = order.tags(tx);
    if (tags === undefined) return;
    // What is there of an image never changes, so the plan holds as long as the image is there.
    if (tx.get(imageKind, order.imageKey) === undefined) return order.settle(tx, 'ImageNotFoundException');
    if (!allowed(tx)) return order.settle(tx, 'AccessDeniedException');
    order.settle(tx, place(tx, { plan, source, destination: order.destination, tags, now: parts.clock.now() }));
  });
}

function sourceOf(reader: Reader, { image }: CopyPlan): RepositorySpec {
  return reader.get(repositoryKind, image.spec.repositoryKey)!.spec;
}

function isAllowed({ allows }: CopyParts, reader: Reader, source: RepositorySpec, destination: Scope): boolean {
  const { account, region, repositoryName } = source;
  return allows(reader, { account, region }, { scope: destination, repositoryName });
}

/** Makes every blob and manifest visible in the destination's namespace. False where the source's bytes are not all there. */
async function bringBytes(
  { blobs, clock }: CopyParts,
  plan: CopyPlan,
  source: Scope,
  destination: Scope,
): Promise<boolean> {
  let began: number;
  do {
    began = clock.now().getTime();
    for (const { digest } of [...plan.layers, ...plan.manifests]) {
      if (!(await blobs.link(blobNamespace(source), digest, blobNamespace(destination)))) return false;
    }
    // A machine that slept meanwhile may have collected the first of them.
  } while (clock.now().getTime() - began > bytesGraceMs / 2);
  return true;
}

interface Placing {
  readonly plan: CopyPlan;
  readonly source: RepositorySpec;
  readonly destination: Scope;
  readonly tags: readonly string[];
  readonly now: Date;
}

function place(tx: Tx, placing: Placing): CopyFailure | undefined {
  const { plan, source, destination, now } = placing;
  const name = { scope: destination, repositoryName: source.repositoryName };
  const repository = ensureRepository(tx, name, 'REPLICATION', now);
  const at = now.getTime();
  for (const { digest, size } of plan.layers) {
    const key = digestKey(repository.key, digest);
    // A layer that is there may be held for unused: from now on it is used.
    const spec = tx.get(layerKind, key)?.spec ?? { digest, size, uploadedAt: at };
    tx.put(layerKind, key, { spec, status: null });
  }
  for (const manifest of plan.manifests) {
    const key = digestKey(repository.key, manifest.digest);
    const present = tx.get(imageKind, key);
    if (present !== undefined) restoreImage(tx, present, at);
    else {
      const { partial: _complete, ...rest } = manifest;
      const spec = { ...rest, repositoryKey: repository.key, pushedAt: at };
      scanOnPush(tx, repository, tx.put(imageKind, key, { spec, status: null }), now);
    }
  }
  return moveTags(tx, repository, placing) ? undefined : 'ImageTagAlreadyExistsException';
}

/**
 * Moves the tags that still name the image at its source: what was pushed last there is what they name here, in whichever
 * order copies are made. False where one may not move: "the image is replicated but won't contain the duplicated tag".
 */
function moveTags(tx: Tx, repository: Repository, { plan, source, tags }: Placing): boolean {
  const { digest } = plan.image.spec;
  const imageKey = digestKey(repository.key, digest);
  let all = true;
  for (const tag of tags) {
    const original = tx.get(tagKind, tagKey(repositoryKey(source, source.repositoryName), tag));
    if (original?.spec.digest !== digest) continue;
    const key = tagKey(repository.key, tag);
    const present = tx.get(tagKind, key);
    if (present?.spec.digest === digest) continue;
    if (present !== undefined && isTagImmutable(repository.spec, tag)) all = false;
    else {
      tx.put(tagKind, key, { spec: { tag, digest, imageKey }, status: null });
      // Whoever puts a tag owns it: a pull-through cache has no say in it any more.
      tx.delete(upstreamCheckKind, key);
    }
  }
  return all;
}
