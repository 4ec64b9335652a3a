// Manifests that came from upstream, until all that they need is here and they are images: transactions.
import type { UpstreamManifest, UpstreamRepository } from '#drivers/upstream-registry.ts';
import type { Reader, Tx } from '#kernel/store.ts';
import { ensureRepository } from '#services/ecr/create-repository.ts';
import { invalidParameter } from '#services/ecr/errors.ts';
import { findImage, imagesReferencing, putImage, repositoryIn } from '#services/ecr/image-records.ts';
import { digestKey, tagKey } from '#services/ecr/keys.ts';
import { imageKind, layerKind, type Repository, tagKind } from '#services/ecr/kinds.ts';
import { arrivalKind, type ArrivalSpec, upstreamCheckKind } from './kinds.ts';
import { readManifest } from '#services/ecr/manifest.ts';
import type { RepositoryName } from '#services/ecr/names.ts';
import { isTagImmutable } from '#services/ecr/tag-mutability.ts';
import type { Arrival } from './plan-pull.ts';

export interface Received {
  readonly from: UpstreamRepository;
  readonly manifest: UpstreamManifest;
  readonly tag: string | undefined;
  /** Images that must be here before this index is. */
  readonly images?: readonly string[];
  readonly now: Date;
}

/**
 * Takes a manifest in, and its repository where there is none yet; what the image needs is then awaited. Its bytes are in
 * the blob store already. Throws InvalidParameterException where it is none that a registry takes.
 */
export function receiveManifest(
  tx: Tx,
  name: RepositoryName,
  { from, manifest, tag, images = [], now }: Received,
): Arrival {
  const repository = ensureRepository(tx, name, 'PULL_THROUGH_CACHE', now);
  const { digest, mediaType, body } = manifest;
  const text = body.toString('utf8');
  const key = digestKey(repository.key, digest);
  const awaited = [...new Set(readManifest(body, mediaType).blobs)];
  if (Math.max(awaited.length, images.length) > mostAwaited) {
    throw invalidParameter('ImageManifest', `an image that a cache brings in has at most ${mostAwaited} parts`);
  }
  const known = tx.get(arrivalKind, key)?.spec;
  if (tag !== undefined) forgetTag(tx, repository, tag);
  const spec: ArrivalSpec = {
    ...name.scope,
    repositoryName: name.repositoryName,
    repositoryKey: repository.key,
    digest,
    mediaType,
    manifest: text,
    tags: [...new Set([...(known?.tags ?? []), ...(tag === undefined ? [] : [tag])])],
    upstream: from,
    blobs: blobSizes(text, awaited),
    images,
    arrivedAt: now.getTime(),
  };
  const arrival = tx.put(arrivalKind, key, { spec, status: {} });
  completeArrival(tx, arrival, now);
  return arrival;
}

/** What an arrival still waits for, with its size in bytes. An image that is here already waits for nothing. */
export function missingBlobs(reader: Reader, { key, spec }: Arrival): { digest: string; size: number }[] {
  if (reader.get(imageKind, key) !== undefined) return [];
  return Object.entries(spec.blobs)
    .filter(([digest]) => reader.get(layerKind, digestKey(spec.repositoryKey, digest)) === undefined)
    .map(([digest, size]) => ({ digest, size }));
}

/** The images that an arriving index still waits for. */
export function missingImages(reader: Reader, { key, spec }: Arrival): string[] {
  if (reader.get(imageKind, key) !== undefined) return [];
  return spec.images.filter((digest) => reader.get(imageKind, digestKey(spec.repositoryKey, digest)) === undefined);
}

/** Makes an arrival an image where it waits for nothing any more, and then those that waited for it. */
export function completeArrival(tx: Tx, { key }: Arrival, now: Date): void {
  const arrival = tx.get(arrivalKind, key);
  if (arrival === undefined || missingBlobs(tx, arrival).length > 0 || missingImages(tx, arrival).length > 0) return;
  const { spec } = arrival;
  const name = { scope: { account: spec.account, region: spec.region }, repositoryName: spec.repositoryName };
  const repository = repositoryIn(tx, name);
  const body = Buffer.from(spec.manifest);
  const content = readManifest(body, spec.mediaType);
  const pushed = { content, digest: spec.digest, size: body.length, partial: true, pushedAt: now.getTime() };
  tx.delete(arrivalKind, key);
  const tags = spec.tags.filter((tag) => mayMove(tx, repository, tag, spec.digest));
  for (const tag of tags.length === 0 ? [undefined] : tags) putImage(tx, name, { ...pushed, tag });
  for (const tag of tags) noteCheck(tx, repository.key, tag, { checkedAt: spec.arrivedAt });
  growIndexes(tx, repository, spec.digest);
  for (const index of tx.by(arrivalKind, 'image', key)) completeArrival(tx, index, now);
}

/** Notes when a tag was compared with upstream, or that it could not be. */
export function noteCheck(
  tx: Tx,
  repository: string,
  tag: string,
  check: { readonly checkedAt?: number; readonly failedAt?: number },
): void {
  const key = tagKey(repository, tag);
  if (tx.get(tagKind, key) === undefined) return;
  const known = tx.get(upstreamCheckKind, key)?.spec;
  if (check.checkedAt !== undefined)
    tx.put(upstreamCheckKind, key, { spec: { checkedAt: check.checkedAt }, status: null });
  else if (known !== undefined) tx.setSpec(upstreamCheckKind, key, { ...known, ...check });
}

/** A tag that was pushed here meanwhile is our own, and an immutable one stays. */
function mayMove(tx: Tx, repository: Repository, tag: string, digest: string): boolean {
  const present = tx.get(tagKind, tagKey(repository.key, tag));
  if (present === undefined || present.spec.digest === digest) return true;
  const ours = tx.get(upstreamCheckKind, present.key) === undefined;
  return !ours && !isTagImmutable(repository.spec, tag);
}

/** Upstream moved the tag: what came under it before keeps coming, but under its digest alone. */
function forgetTag(tx: Tx, repository: Repository, tag: string): void {
  for (const { key, spec } of tx.by(arrivalKind, 'tag', tagKey(repository.key, tag))) {
    tx.setSpec(arrivalKind, key, { ...spec, tags: spec.tags.filter((each) => each !== tag) });
  }
}

/** An index is as large as its largest image, of those that came so far. */
function growIndexes(tx: Tx, repository: Repository, digest: string): void {
  const size = findImage(tx, repository, { imageDigest: digest })?.spec.imageSizeInBytes ?? 0;
  for (const { key, spec } of imagesReferencing(tx, repository, digest)) {
    if (spec.partial === true && spec.imageSizeInBytes < size) {
      tx.setSpec(imageKind, key, { ...spec, imageSizeInBytes: size });
    }
  }
}

/**
 * Docker takes 127 layers. Upstream may be anybody's: each blob that comes looks at all that its image waits for, and each
 * costs a request.
 */
const mostAwaited = 1000;
/** "Maximum layer size", https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html: 52,000 MiB. */
const largestLayer = 52_000 * 1024 * 1024;

/** The sizes that a manifest's descriptors state for `digests`; readManifest has checked the rest of their form. */
function blobSizes(manifest: string, digests: readonly string[]): Record<string, number> {
  const { config, layers, blobs } = JSON.parse(manifest) as Record<string, unknown>;
  const descriptors = [config, layers, blobs].flat() as ({ digest?: unknown; size?: unknown } | undefined | null)[];
  const stated = new Map(descriptors.map((each) => [each?.digest, each?.size]));
  const sizes: Record<string, number> = {};
  for (const digest of digests) {
    const size = stated.get(digest);
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw invalidParameter('ImageManifest', `the size of ${digest} must be a number of bytes`);
    }
    if (size > largestLayer) throw invalidParameter('ImageManifest', `${digest} has more than ${largestLayer} bytes`);
    sizes[digest] = size;
  }
  return sizes;
}
