// For tests: images that are there as the registry puts them, without a wire.
import type { Blobs } from '#drivers/blobs.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Store } from '#kernel/store.ts';
import { putImage, repositoryIn } from './image-records.ts';
import { blobNamespace, digestKey } from './keys.ts';
import { layerKind } from './kinds.ts';
import { readManifest } from './manifest.ts';
import type { RepositoryName } from './names.ts';

export interface Ground {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Pick<Clock, 'now'>;
}

export interface Pushed {
  readonly digest: string;
  /** The manifest, as it was pushed. */
  readonly manifest: string;
}

export const imageType = 'application/vnd.oci.image.manifest.v1+json';
export const configType = 'application/vnd.oci.image.config.v1+json';

/** Puts a manifest; what it needs must be there. */
export async function pushManifest(ground: Ground, name: RepositoryName, manifest: object, tag?: string) {
  const text = JSON.stringify({ schemaVersion: 2, ...manifest });
  const body = Buffer.from(text);
  const digest = await ground.blobs.put(blobNamespace(name.scope), body);
  const pushed = { content: readManifest(body, undefined), digest, size: body.length, tag };
  const pushedAt = ground.clock.now().getTime();
  await ground.store.write((tx) => putImage(tx, name, { ...pushed, pushedAt }));
  return { digest, manifest: text } satisfies Pushed;
}

/** Puts an image that consists of a configuration alone; `content` is its bytes, `mediaType` the configuration's. */
export async function pushImage(
  ground: Ground,
  name: RepositoryName,
  { tag, content = 'x', mediaType = configType }: { tag?: string; content?: string; mediaType?: string },
): Promise<Pushed> {
  const size = Buffer.byteLength(content);
  const digest = await ground.blobs.put(blobNamespace(name.scope), Buffer.from(content));
  await ground.store.write((tx) => {
    const key = digestKey(repositoryIn(tx, name).key, digest);
    tx.put(layerKind, key, { spec: { digest, size, uploadedAt: 0 }, status: null });
  });
  const config = { mediaType, size, digest };
  return pushManifest(ground, name, { mediaType: imageType, config, layers: [] }, tag);
}
