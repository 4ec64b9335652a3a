// Takes a manifest in: read, checked, its bytes made durable, then its image and tag, for the API and the registry alike.
import { createHash } from 'node:crypto';
import type { Blobs } from '#drivers/blobs.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Store, Tx } from '#kernel/store.ts';
import { putImage } from '#services/ecr/image-records.ts';
import { blobNamespace, digestKey, repositoryKey } from '#services/ecr/keys.ts';
import { restoreImage } from '#services/ecr/lifecycle/storage-class.ts';
import { readManifest, type Manifest } from '#services/ecr/manifest.ts';
import type { RepositoryName } from '#services/ecr/names.ts';
import { preparePush, type MayCreate } from '#services/ecr/push-target.ts';
import { imageDigestDoesNotMatch } from './errors.ts';

/** "maximum length of imageManifest: 4194304", which is also what the distribution spec asks registries to take at least. */
export const maximumManifestSize = 4 * 1024 * 1024;

export interface SentManifest {
  readonly body: Buffer;
  /** As it was sent beside the manifest. */
  readonly mediaType: string | undefined;
  /** Every tag that it is to have; it keeps what others it has. */
  readonly tags: readonly string[];
  /** What the sender takes its digest to be; SHA-256 is computed where nothing is said. */
  readonly digest: string | undefined;
  readonly mayCreate: MayCreate;
  /** Looks before anything is changed, in the same transaction; what it throws ends the matter. */
  readonly refuse?: (tx: Tx, digest: string) => void;
}

/**
 * Durable, and findable by its digest and tags, once it resolves. Throws InvalidParameterException (no manifest),
 * ImageDigestDoesNotMatchException, RepositoryNotFoundException and what {@link putImage} throws.
 */
export async function storeManifest(
  { store, blobs, clock }: { readonly store: Store; readonly blobs: Blobs; readonly clock: Clock },
  name: RepositoryName,
  { body, mediaType, tags, digest: given, mayCreate, refuse }: SentManifest,
): Promise<{ readonly digest: string; readonly content: Manifest }> {
  const content = readManifest(body, mediaType);
  const algorithm = given?.startsWith('sha512:') ? 'sha512' : 'sha256';
  const digest = `${algorithm}:${createHash(algorithm).update(body).digest('hex')}`;
  if (given !== undefined && given !== digest) throw imageDigestDoesNotMatch(given, digest);
  await preparePush({ store, clock }, name, mayCreate);
  await blobs.put(blobNamespace(name.scope), body, algorithm);
  const pushedAt = clock.now().getTime();
  await store.write((tx) => {
    refuse?.(tx, digest);
    for (const tag of tags.length === 0 ? [undefined] : tags) {
      putImage(tx, name, { content, digest, size: body.length, tag, pushedAt });
    }
    // "The image can be restored as an active image by … re-pushing the image to the repository."
    restoreImage(tx, { key: digestKey(repositoryKey(name.scope, name.repositoryName), digest) }, pushedAt);
  });
  return { digest, content };
}
